/** The classes of nsfwjs's models, in the order of their output. */
export const NSFWJS_CLASSES: readonly string[] = ["Drawing", "Hentai", "Neutral", "Porn", "Sexy"];
