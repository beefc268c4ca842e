/** The demo page as a user has it: choose a picture, read what it is. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, describe, it } from "node:test";
import { serveDemo } from "../../scripts/demo.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { closeBrowser, withPage, withoutChromium } from "./harness.ts";

const uri: unknown = createRequire(import.meta.url)("baboon-image-uri");
const baboon = {
  name: "baboon.jpg",
  mimeType: "image/jpeg",
  buffer: Buffer.from(String(uri).replace(/^.*,/, ""), "base64"),
};

describe("the demo page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("calls a baboon a baboon", { skip: needsShared }, async () => {
    await using server = await serveDemo(sharedPath("weights"));
    const first = await withPage(server.address, async (page) => {
      await page.setInputFiles("#picture", baboon);
      return page.locator("#predictions tr").first().textContent();
    });
    assert.match(first ?? "", /^baboon/);
  });

  it("says what is wrong with a picture", { skip: needsShared }, async () => {
    await using server = await serveDemo(sharedPath("weights"));
    const said = await withPage(server.address, async (page) => {
      await page.setInputFiles("#picture", { ...baboon, buffer: Buffer.from("<!doctype html>") });
      return page.locator("#error", { hasText: /./ }).textContent();
    });
    assert.match(said ?? "", /HTML/);
  });
});
