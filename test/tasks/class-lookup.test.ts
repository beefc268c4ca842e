import assert from "node:assert/strict";
import { test } from "node:test";
import { imagenetClasses } from "../../src/applications/class-names.ts";
import { ClassLookup } from "../../src/tasks/class-lookup.ts";

test("classes are found by WordNet id, by name whatever its case and blanks, and by number; not where a name is of several", () => {
  const imagenet = new ClassLookup(imagenetClasses());
  assert.deepEqual(
    [
      "n02110958",
      "n02110958_pug",
      "Pug",
      "great white shark",
      "great_white_shark",
      "254",
      "crane",
      "1000",
      "n99999999",
    ].map((text) => imagenet.findOrNumber(text)),
    [254, 254, 254, 2, 2, 254, undefined, undefined, undefined],
  );
  assert.equal(imagenet.find("254"), undefined);
  assert.deepEqual([new ClassLookup(["a", "b"]).hasIds, imagenet.hasIds], [false, true]);
});
