/** Loads a checkpoint again and again, and prints the milliseconds of each time as JSON: [file → tensors, file → model]. */
import { loadModel } from "mobilenet-v2";
import { readCheckpoint } from "mobilenet-v2/saving";

const [path = "", runs = "1"] = process.argv.slice(2);

const work: Readonly<Record<string, () => Promise<unknown>>> = {
  async tensors() {
    const { weights } = await readCheckpoint(path);
    return [...weights.values()].map((tensor) => tensor.read());
  },
  model: () => loadModel(path),
};

const [name = ""] = process.argv.slice(4);
const times: number[] = [];
for (let run = 0; run < Number(runs); run++) {
  const started = performance.now();
  // oxlint-disable-next-line no-await-in-loop -- one after the other is what is timed
  await work[name]?.();
  times.push(performance.now() - started);
}
console.log(JSON.stringify(times));
