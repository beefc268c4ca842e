/** Pictures of shapes that the project draws: a data set without a download, the same for the same seed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeImg } from "mobilenet-v2/image";
import { fnv1a32, unitAt } from "../../src/core/random.ts";

/** Whether a point of the square from -1 to 1 is within the shape, which lies in the unit circle. */
type Shape = (x: number, y: number) => boolean;

const SHAPES = {
  circle: (x, y) => Math.hypot(x, y) < 0.9,
  ring: (x, y) => Math.hypot(x, y) < 0.95 && Math.hypot(x, y) > 0.5,
  square: polygon(4),
  triangle: polygon(3),
  star: (x, y) => {
    const turn = (Math.atan2(y, x) / ((2 * Math.PI) / 5) + 5) % 1;
    return Math.hypot(x, y) < 0.4 + 0.58 * Math.abs(2 * turn - 1);
  },
  cross: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.9 && Math.min(Math.abs(x), Math.abs(y)) < 0.28,
  crescent: (x, y) => Math.hypot(x, y) < 0.95 && Math.hypot(x - 0.5, y) > 0.75,
} as const satisfies Readonly<Record<string, Shape>>;

export type ShapeName = keyof typeof SHAPES;

export const SHAPE_NAMES = Object.keys(SHAPES) as readonly ShapeName[];

/** A regular one with a corner on the unit circle. */
function polygon(corners: number): Shape {
  const part = (2 * Math.PI) / corners;
  return (x, y) => {
    const within = ((Math.atan2(y, x) % part) + part) % part;
    return Math.hypot(x, y) * Math.cos(within - part / 2) < Math.cos(part / 2);
  };
}

export interface DrawOptions {
  readonly names?: readonly ShapeName[];
  readonly perClass: number;
  /** Rows and columns. */
  readonly side: number;
  readonly seed: number;
}

/** Draws shapes of any size, turn, place and colour on noisy grounds of another: a folder a class. */
export async function drawShapes(folder: string, options: DrawOptions): Promise<void> {
  const { names = SHAPE_NAMES, perClass, side, seed } = options;
  for (const name of names) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const data = drawn(SHAPES[name], side, fnv1a32(`${seed}/${name}/${i}`));
      // oxlint-disable-next-line no-await-in-loop -- small ones
      const bytes = await encodeImg({ width: side, height: side, channels: 3, data }, { fileFormat: "png" });
      writeFileSync(join(folder, name, `${String(i).padStart(4, "0")}.png`), bytes);
    }
  }
}

const NOISE = 20;
/** The ground and the shape differ by so much in one channel at least. */
const CONTRAST = 90;

function drawn(shape: Shape, side: number, stream: number): Uint8Array {
  let next = 0;
  const draw = (from: number, to: number): number => from + (to - from) * unitAt(stream, next++);
  const radius = draw(0.55, 0.8);
  const [left, top, turn] = [draw(-1, 1) * (1 - radius), draw(-1, 1) * (1 - radius), draw(0, 2 * Math.PI)];
  const ground = [draw(0, 255), draw(0, 255), draw(0, 255)];
  const ink = ground.map(() => draw(0, 255));
  const channel = Math.floor(draw(0, 3));
  const there = ground[channel] ?? 0;
  if (Math.abs((ink[channel] ?? 0) - there) < CONTRAST)
    ink[channel] = there < 128 ? there + CONTRAST : there - CONTRAST;
  const [cos, sin] = [Math.cos(turn) / radius, Math.sin(turn) / radius];
  const data = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [x, y] = [((column + 0.5) / side) * 2 - 1 - left, ((row + 0.5) / side) * 2 - 1 - top];
      const colour = shape(x * cos - y * sin, x * sin + y * cos) ? ink : ground;
      for (let c = 0; c < 3; c++) {
        data[(row * side + column) * 3 + c] = Math.min(255, Math.max(0, (colour[c] ?? 0) + draw(-NOISE, NOISE)));
      }
    }
  }
  return data;
}
