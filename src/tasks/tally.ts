/** How often a model is right: top-1, top-5 and confusion, counted picture by picture. */
import { valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { NUMBERS, TEXT, TEXTS, check, whole } from "../core/kinds.ts";

/** The counts and scores of one class. */
export interface ClassTally {
  /** The index of the class. */
  readonly index: number;
  /** The name of the class. */
  readonly name: string;
  /** The number of pictures of the class. */
  readonly pictures: number;
  /** The number of its pictures for which the class has the highest score. */
  readonly top1: number;
  /** The number of its pictures for which the class is among the five highest scores. */
  readonly top5: number;
  /** The number of pictures of any class that are predicted as this class. */
  readonly answered: number;
  /** The precision: the fraction, from 0 to 1, of pictures predicted as this class that are of it; undefined if there are none. */
  readonly precision: number | undefined;
  /** The recall: the fraction, from 0 to 1, of the class's pictures that are predicted as it; undefined if it has none. */
  readonly recall: number | undefined;
  /** The F1 score, the harmonic mean of precision and recall, from 0 to 1; undefined if the class has no pictures and is never predicted. */
  readonly f1: number | undefined;
  /** The other class that its pictures are most often predicted as, with their number; undefined if none is mistaken. */
  readonly takenFor: { readonly name: string; readonly pictures: number } | undefined;
}

/** A picture that the model predicts wrongly. */
export interface Mistake {
  /** The path of the picture, or another name for it. */
  readonly path: string;
  /** The name of the true class. */
  readonly actual: string;
  /** The name of the predicted class. */
  readonly predicted: string;
  /** The score of the predicted class. */
  readonly score: number;
}

/** Counts a model's right and wrong predictions. */
export class Tally {
  /** The names of the classes, in the model's order. */
  readonly names: readonly string[];
  readonly #mistakes: Mistake[] = [];
  /** `actual * classes + predicted` → pictures. */
  readonly #cells = new Map<number, number>();
  readonly #top5: Int32Array;
  #pictures = 0;
  #right = 0;
  #logLoss = 0;

  /** @param names the names of the classes, in the model's order */
  constructor(names: readonly string[]) {
    check("Tally", "names", names, TEXTS);
    this.names = frozen(names);
    this.#top5 = new Int32Array(names.length);
  }

  /** The number of pictures added so far. */
  get pictures(): number {
    return this.#pictures;
  }

  /** The pictures that the model predicts wrongly, in the order in which they were added. */
  get mistakes(): readonly Mistake[] {
    return [...this.#mistakes];
  }

  /** The log loss: the mean of -ln(the score of the true class); NaN without pictures. */
  get logLoss(): number {
    return this.#logLoss / this.#pictures;
  }

  /**
   * Adds a picture to the counts.
   *
   * @param path the path of the picture, or another name for it among the mistakes
   * @param actual the index of the true class
   * @param scores the model's probabilities, one for each class
   * @throws ValueError if there is no such class, or another number of scores than of classes.
   */
  add(path: string, actual: number, scores: ArrayLike<number>): void {
    check("add()", "path", path, TEXT);
    check("add()", "actual", actual, whole(0));
    check("add()", "scores", scores, NUMBERS);
    if (scores.length !== this.names.length || actual >= this.names.length) {
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
      this.#mistakes.push({ path, actual: is, predicted: taken, score: scores[predicted] ?? 0 });
    }
  }

  /** The number of pictures of class `actual` that are predicted as class `predicted`, both by index: an entry of the confusion matrix. */
  count(actual: number, predicted: number): number {
    check("count()", "actual", actual, whole(0));
    check("count()", "predicted", predicted, whole(0));
    return this.#cells.get(actual * this.names.length + predicted) ?? 0;
  }

  /** The top-1 accuracy: the fraction of pictures whose class has the highest score, from 0 to 1; NaN without pictures. */
  get top1(): number {
    return this.#right / this.#pictures;
  }

  /** The top-5 accuracy: the fraction of pictures whose class is among the five highest scores, from 0 to 1; NaN without pictures. */
  get top5(): number {
    return this.#top5.reduce((a, b) => a + b, 0) / this.#pictures;
  }

  /** The counts of every class that has pictures or was predicted, in the model's order. */
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
