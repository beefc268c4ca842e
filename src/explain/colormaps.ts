/**
 * Colour maps of Matplotlib for heat maps: viridis, magma and inferno are perceptually uniform (van der Walt and Smith 2015, CC0), turbo is a
 * rainbow with smooth lightness (Mikhailov 2019). Interpolated from 33 colours each, they are within 2/255 of Matplotlib's.
 */
import { show, valueError } from "../core/errors.ts";

/** The sRGB colours, in hexadecimal, of evenly spaced values from 0 to 1. */
const TABLES = {
  viridis: [
    "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d",
    "2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b",
    "3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725",
  ],
  magma: [
    "000004 030311 0a0822 130d33 1d1146 28115a 36106a 430f76 50127c 5d177f 691c81",
    "762181 822681 8f2a81 9c2e7f a9327d b63779 c33b75 cf4170 db486a e65163 ee5c5e",
    "f5695c f9785d fb8761 fd9668 fea571 feb47b fec387 fed194 fde0a2 fceeb0 fcfdbf",
  ],
  inferno: [
    "000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e",
    "7d1e6d 89226a 962766 a32b61 af315c bb3755 c63e4d d14644 db4f3b e35932 eb6528",
    "f1711e f67f14 f98d0a fb9c06 fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4",
  ],
  turbo: [
    "30123b 392a73 4040a1 4456c7 466be3 467ff6 4293ff 37a7fa 29bbec 1dcdd8 18dcc3",
    "1ee8b0 31f299 4cf97e 6bfd64 8aff4d a3fd3c b8f735 cced34 dee037 edd03a f8c03a",
    "fdae35 fe982c fb8022 f56817 ec520f e04009 d23105 c02302 ac1701 950d01 7a0403",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of a colour map. */
export type Colormap = keyof typeof TABLES;

/** The names of all colour maps. */
export const colormaps: readonly Colormap[] = Object.freeze(["viridis", "magma", "inferno", "turbo"] as const);

/** A function that writes the colour of a value, clipped to [0, 1], to three bytes from index `at`. @throws ValueError for an unknown name. */
export function colourOf(name: Colormap): (value: number, to: Uint8Array | Uint8ClampedArray, at: number) => void {
  const known = colormaps.find((one) => one === name);
  if (known === undefined) {
    throw valueError(`\`colormap\` should be one of ${colormaps.join(", ")}. Received: colormap=${show(name)}`);
  }
  const keys = TABLES[known]
    .join(" ")
    .split(" ")
    .map((hex) => Number.parseInt(hex, 16));
  return (value, to, at) => {
    const place = Math.min(Math.max(value, 0), 1) * (keys.length - 1);
    const below = Math.min(Math.floor(place), keys.length - 2);
    const [a = 0, b = 0] = [keys[below], keys[below + 1]];
    for (let channel = 0; channel < 3; channel++) {
      const shift = 16 - 8 * channel;
      const [low, high] = [(a >> shift) & 255, (b >> shift) & 255];
      to[at + channel] = Math.round(low + (high - low) * (place - below));
    }
  };
}
