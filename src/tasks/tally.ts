/** How often a model is right: top-1, top-5 and confusion, counted picture by picture. */
import { valueError } from "../core/errors.ts";

/** One class among the pictures, or among the answers. */
export interface ClassTally {
  readonly index: number;
  readonly name: string;
  /** How many pictures show it. */
  readonly pictures: number;
  /** How many of them it was the first answer to. */
  readonly top1: number;
  /** How many of them it was one of the first five answers to. */
  readonly top5: number;
  /** How many pictures of any class it was the first answer to. */
  readonly answered: number;
  /** The part of what is taken for it that shows it, from 0 to 1; undefined if nothing is taken for it. */
  readonly precision: number | undefined;
  /** The part of its pictures that is taken for it, from 0 to 1; undefined if it has none. */
  readonly recall: number | undefined;
  /** The harmonic mean of both, from 0 to 1. */
  readonly f1: number | undefined;
  /** What its pictures are most often taken for instead. */
  readonly takenFor: { readonly name: string; readonly pictures: number } | undefined;
}

/** A picture that the model is wrong about. */
export interface Mistake {
  /** What the picture is called. */
  readonly path: string;
  /** The name of the class that it shows. */
  readonly actual: string;
  /** The name of the class that it is taken for. */
  readonly predicted: string;
  /** The score of what was predicted. */
  readonly score: number;
}

/** Counts how often a model is right. */
export class Tally {
  /** The names of the classes, in the model's order. */
  readonly names: readonly string[];
  /** The pictures that the model is wrong about, in the order in which they were added. */
  readonly mistakes: Mistake[] = [];
  /** `actual * classes + predicted` → pictures. */
  readonly #cells = new Map<number, number>();
  readonly #top5: Int32Array;
  #pictures = 0;
  #right = 0;
  #logLoss = 0;

  /** @param names the names of the classes, in the model's order */
  constructor(names: readonly string[]) {
    this.names = names;
    this.#top5 = new Int32Array(names.length);
  }

  /** How many pictures were added. */
  get pictures(): number {
    return this.#pictures;
  }

  /** The mean of -ln(the score of what is right); NaN without pictures. */
  get logLoss(): number {
    return this.#logLoss / this.#pictures;
  }

  /**
   * Counts a picture.
   *
   * @param path what the picture is called among the mistakes
   * @param actual the index of the class that it shows
   * @param scores the model's probabilities, one for each class
   * @throws ValueError if there is no such class, or another number of scores than of classes.
   */
  add(path: string, actual: number, scores: ArrayLike<number>): void {
    if (scores.length !== this.names.length || !(actual in this.names)) {
      throw valueError(
        `The tally is of ${this.names.length} classes. Received: class ${actual} and ${scores.length} scores for ${path}`,
      );
    }
    const own = scores[actual] ?? 0;
    let predicted = 0;
    // Those that are ahead: of equal scores the first counts, as in Keras's top_k.
    let ahead = 0;
    for (let index = 0; index < scores.length; index++) {
      const score = scores[index] ?? 0;
      if (score > (scores[predicted] ?? 0)) predicted = index;
      if (score > own || (score === own && index < actual)) ahead++;
    }
    const cell = actual * this.names.length + predicted;
    this.#cells.set(cell, (this.#cells.get(cell) ?? 0) + 1);
    this.#pictures++;
    this.#logLoss -= Math.log(Math.max(own, 1e-7));
    if (ahead < 5) this.#top5[actual] = (this.#top5[actual] ?? 0) + 1;
    if (predicted === actual) {
      this.#right++;
    } else {
      const [is, taken] = [this.names[actual] ?? "", this.names[predicted] ?? ""];
      this.mistakes.push({ path, actual: is, predicted: taken, score: scores[predicted] ?? 0 });
    }
  }

  /** How many pictures of a class were taken for another, or for itself; both by index. */
  count(actual: number, predicted: number): number {
    return this.#cells.get(actual * this.names.length + predicted) ?? 0;
  }

  /** The part of the pictures whose class was the first answer, from 0 to 1; NaN without pictures. */
  get top1(): number {
    return this.#right / this.#pictures;
  }

  /** The part of the pictures whose class was one of the first five answers, from 0 to 1; NaN without pictures. */
  get top5(): number {
    return this.#top5.reduce((a, b) => a + b, 0) / this.#pictures;
  }

  /** Every class that a picture shows or that was an answer, in the model's order. */
  classes(): readonly ClassTally[] {
    const classes = this.names.length;
    const shown = new Map<number, number>();
    const answered = new Map<number, number>();
    const worst = new Map<number, readonly [predicted: number, pictures: number]>();
    for (const [cell, pictures] of this.#cells) {
      const [actual, predicted] = [Math.floor(cell / classes), cell % classes];
      shown.set(actual, (shown.get(actual) ?? 0) + pictures);
      answered.set(predicted, (answered.get(predicted) ?? 0) + pictures);
      const [other, most] = worst.get(actual) ?? [classes, 0];
      if (predicted !== actual && (pictures > most || (pictures === most && predicted < other))) {
        worst.set(actual, [predicted, pictures]);
      }
    }
    const indices = [...new Set([...shown.keys(), ...answered.keys()])].toSorted((a, b) => a - b);
    return indices.map((index) => {
      const [pictures, taken, top1] = [shown.get(index) ?? 0, answered.get(index) ?? 0, this.count(index, index)];
      const [other, times] = worst.get(index) ?? [];
      return {
        index,
        name: this.names[index] ?? "",
        pictures,
        top1,
        top5: this.#top5[index] ?? 0,
        answered: taken,
        precision: taken === 0 ? undefined : top1 / taken,
        recall: pictures === 0 ? undefined : top1 / pictures,
        f1: pictures + taken === 0 ? undefined : (2 * top1) / (pictures + taken),
        takenFor:
          other === undefined || times === undefined ? undefined : { name: this.names[other] ?? "", pictures: times },
      };
    });
  }
}
