/** The classes of nsfwjs's models, in order. */
export const NSFWJS_CLASSES: readonly string[] = ["Drawing", "Hentai", "Neutral", "Porn", "Sexy"];
