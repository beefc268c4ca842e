/** Pictures in Chromium: decoded by the browser, resized by us, held against Pillow's samples. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { loadImg } from "../../src/image/load-img.ts";
import { encodeImg } from "../../src/image/save-img.ts";
import { hostileCases } from "../image/hostile-cases.ts";
import { photographs, pillow, pictureBytes, samplesOf } from "../image/pictures.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import type { Answer, Job } from "./pages/images.ts";

const page = fileURLToPath(new URL("pages/images.ts", import.meta.url));
const files = fileURLToPath(new URL("../fixtures/images/files", import.meta.url));

/** Chromium's CMYK arithmetic rounds otherwise than PIL's: levels. */
const CMYK_LEVELS = 1;
/** 16-bit gray is scaled by us and clipped to white by Pillow. */
const SCALED = "gray-16.png";
/** Black under full transparency, where Pillow gives the palette's colour. */
const OTHER_UNDER_TRANSPARENCY = "transparent.gif";
/** The largest case that travels to the page. */
const MAX_BYTES = 2 * 1024 * 1024;

async function answersTo(jobs: readonly Job[]): Promise<readonly Answer[]> {
  const folders = { files, ...(needsShared === false && { photographs: sharedPath("images") }) };
  const answers = await runInPage(page, jobs, { folders });
  assert.ok(Array.isArray(answers) && answers.length === jobs.length);
  return answers;
}

describe("pictures in Chromium", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("every kind of picture: samples equal to Pillow's in RGB, RGBA and turned upright; CMYK within 1 level", async () => {
    const modes = [{}, { colorMode: "rgba" }, { autoOrient: true }] as const;
    const names = readdirSync(files).filter((name) => name !== SCALED && !("error" in (pillow[name] ?? {})));
    const jobs = names.flatMap((name) =>
      modes.map((options) => ({
        name,
        source: { address: `/files/${name}` },
        options,
        samples: /^(cmyk|ycck)/.test(name),
      })),
    );
    const answers = await answersTo(jobs);
    for (const [index, { name, options }] of jobs.entries()) {
      const answer = answers[index];
      const expected = pillow[name];
      assert.ok(answer !== undefined && expected !== undefined && !("error" in expected));
      if (name.endsWith(".tif")) {
        assert.ok("code" in answer && answer.code === "UnsupportedError", `${name}: ${JSON.stringify(answer)}`);
        continue;
      }
      assert.ok(!("code" in answer), `${name}: ${JSON.stringify(answer)}`);
      const rgba = "colorMode" in options;
      if (expected.mode === "CMYK") {
        if (rgba) continue;
        const samples = samplesOf(expected.rgb);
        assert.equal(answer.samples?.length, samples?.length, name);
        const levels = (answer.samples ?? []).map((value, i) => Math.abs(value - (samples?.[i] ?? 0)));
        assert.ok(Math.max(...levels) <= CMYK_LEVELS, `${name}: ${Math.max(...levels)} levels`);
        continue;
      }
      if (rgba && name === OTHER_UNDER_TRANSPARENCY) continue;
      const crc = rgba ? expected.crc.rgba : "autoOrient" in options ? expected.upright : expected.crc.rgb;
      assert.equal(answer.crc, crc, `${name} ${JSON.stringify(options)}`);
    }
  });

  it("Display P3 is converted to sRGB where asked", async () => {
    const names = ["p3.jpg", "p3.png", "p3.webp"];
    const jobs = names.map((name) => ({
      source: { address: `/files/${name}` },
      options: { convertProfile: true },
      samples: true,
    }));
    for (const answer of await answersTo(jobs)) {
      // The red corner: P3's red lies outside sRGB.
      assert.ok("samples" in answer && (answer.samples?.[0] ?? 0) > 245, JSON.stringify(answer));
    }
  });

  it("a picture that takes several stripes of canvas is whole", async () => {
    const size = [3000, 2000] as const;
    const small = await loadImg(pictureBytes("gamma.png"), { targetSize: size, interpolation: "bicubic" });
    const base64 = Buffer.from(await encodeImg(small, { fileFormat: "png" })).toString("base64");
    const [answer] = await answersTo([{ source: { base64 }, options: {} }]);
    assert.deepEqual(answer, { size: [2000, 3000], crc: crc32(small.data) });
  });

  it("bad pictures: the same errors and results as in Node, none of which takes as long as 20 good pictures of a million pixels", async () => {
    const cases = Object.values(hostileCases)
      .flatMap((make) => [...make()])
      .filter(({ bytes }) => bytes.length < MAX_BYTES);
    const jobs = cases.map(({ bytes, options = {} }) => ({
      source: { base64: Buffer.from(bytes).toString("base64") },
      options,
    }));
    const wholes = [...new Set(cases.flatMap(({ expected }) => ("sameAs" in expected ? [expected.sameAs] : [])))];
    const answers = await answersTo([
      ...jobs,
      ...wholes.map((name) => ({
        source: { base64: Buffer.from(pictureBytes(name)).toString("base64") },
        options: {},
      })),
    ]);
    const good = await loadImg(pictureBytes("gamma.png"), { targetSize: [1000, 1000] });
    const base64 = Buffer.from(await encodeImg(good, { fileFormat: "png" })).toString("base64");
    const [measure] = await answersTo([{ source: { base64 }, options: {}, timed: true }]);
    assert.ok(measure?.milliseconds !== undefined && !("code" in measure), JSON.stringify(measure));
    const most = 20 * measure.milliseconds;
    for (const [index, { name, expected }] of cases.entries()) {
      const answer = answers[index];
      assert.ok(answer !== undefined);
      if ("sameAs" in expected) {
        assert.deepEqual(answer, answers[jobs.length + wholes.indexOf(expected.sameAs)], name);
        assert.ok("crc" in answer, `${name}: ${JSON.stringify(answer)}`);
      } else {
        assert.ok("code" in answer, `${name}: decoded`);
        assert.equal(answer.code, expected.code, `${name}: ${answer.message}`);
        assert.match(answer.message, expected.message, name);
        assert.ok(answer.milliseconds < most, `${name}: ${answer.milliseconds} ms, of ${most}`);
      }
    }
  });

  it(
    "100 photographs: every sample equal to Pillow's, whole and at 224 × 224 by nearest and bilinear",
    {
      skip: needsShared,
    },
    async () => {
      const modes = [
        {},
        { targetSize: [224, 224], interpolation: "nearest" },
        { targetSize: [224, 224], interpolation: "bilinear" },
      ] as const;
      const entries = Object.entries(photographs);
      assert.equal(entries.length, 100);
      const answers = await answersTo(
        entries.flatMap(([name]) => modes.map((options) => ({ source: { address: `/photographs/${name}` }, options }))),
      );
      for (const [index, [name, sums]] of entries.entries()) {
        const own = answers.slice(index * modes.length, (index + 1) * modes.length);
        assert.deepEqual(
          own.map((answer) => ("crc" in answer ? answer.crc : answer.message)),
          sums,
          name,
        );
      }
    },
  );
});
