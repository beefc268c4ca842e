/** Colours, if a person reads on a terminal that has them and NO_COLOR does not forbid them (no-color.org). */
import { styleText } from "node:util";

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly bar: Paint;
  readonly bad: Paint;
}

const plain: Style = { bold: String, dim: String, bar: String, bad: String };

const coloured: Style = {
  bold: (text) => styleText("bold", text, { validateStream: false }),
  dim: (text) => styleText("dim", text, { validateStream: false }),
  bar: (text) => styleText("green", text, { validateStream: false }),
  bad: (text) => styleText("red", text, { validateStream: false }),
};

export function styleFor(stream: Pick<NodeJS.WriteStream, "isTTY" | "hasColors">): Style {
  // Node looks at NO_COLOR, TERM and the terminal.
  return stream.isTTY && stream.hasColors() ? coloured : plain;
}
