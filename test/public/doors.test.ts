/** Every public function, constructor and method refuses wrong arguments by an error of the package, whatever plain JavaScript hands over. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { doors } from "../support/doors.ts";
import { enterDoorsPlace } from "../support/doors-place.ts";
import { allExports } from "../support/faces.ts";
import { callablesOf, complaintsAbout } from "../support/walk-doors.ts";
import { wrongValues } from "../support/wrong-values.ts";

/** What no program calls: it is for the threads that load pictures. */
const INTERNAL = new Set(["pictureWork"]);

describe("every public function, constructor and method", () => {
  let leave: (() => void) | undefined;
  before(async () => {
    leave = await enterDoorsPlace();
  });
  after(() => leave?.());

  it("has a row in the table of right arguments", () => {
    const callable = Object.keys(allExports).filter((name) => typeof allExports[name] === "function");
    assert.ok(callable.length > 130 && Object.keys(wrongValues).length > 40);
    assert.deepEqual(
      callable.filter((name) => doors[name] === undefined && !INTERNAL.has(name)),
      [],
    );
  });

  for (const name of Object.keys(doors)) {
    it(`${name} succeeds, or refuses by an error of the package`, async () => {
      for (const callable of callablesOf(name)) {
        assert.deepEqual(await complaintsAbout(callable, false), []);
      }
    });
  }
});
