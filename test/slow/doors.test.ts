/** The doors with every wrong value: test/public/doors.test.ts calls them with a few. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { doors } from "../support/doors.ts";
import { enterDoorsPlace } from "../support/doors-place.ts";
import { callablesOf, complaintsAbout } from "../support/walk-doors.ts";

describe("every public function, constructor and method", () => {
  let leave: (() => void) | undefined;
  before(async () => {
    leave = await enterDoorsPlace();
  });
  after(() => leave?.());

  for (const name of Object.keys(doors)) {
    it(`${name} succeeds, or refuses by an error of the package`, async () => {
      for (const callable of callablesOf(name)) {
        assert.deepEqual(await complaintsAbout(callable, true), []);
      }
    });
  }
});
