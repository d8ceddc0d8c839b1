import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Color = [number, number, number];

const style = readFileSync(new URL("../../style.css", import.meta.url), "utf8");

/** The light and the dark value of a variable. */
function pair(name: string): [Color, Color] {
  const [, light = "", dark = ""] = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(style) ?? [];
  const parts = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as Color;
  return [parts(light), parts(dark)];
}

const apply = (matrix: readonly Color[], of: Color): Color => matrix.map((row) => row.reduce((sum, part, at) => sum + part * (of[at] ?? 0), 0)) as Color;

// Machado, Oliveira and Fernandes, 2009, at full severity.
const SIGHTS: Record<string, readonly Color[]> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** Oklab, in which distances are about as large as they look. */
function lab(of: Color): Color {
  const cones = apply([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], of);
  return apply([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones.map((cone) => Math.cbrt(Math.max(cone, 0))) as Color);
}

const luminance = ([red, green, blue]: Color): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function contrast(one: Color, other: Color): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Several times what is just told apart when two areas touch, which is about 0.02. */
const TOLD_APART = 0.09;

it.each([["light", 0], ["dark", 1]] as const)("colours of series are told apart however one sees them, %s", (_, theme) => {
  const marks = [1, 2, 3, 4, 5, 6].map((mark) => pair(`chart-${mark}`)[theme]);
  const surface = pair("surface")[theme];
  marks.forEach((mark, index) => expect(contrast(mark, surface), `series ${index + 1} on a surface`).toBeGreaterThanOrEqual(3));
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    const seen = marks.map((mark) => lab(apply(matrix, mark)));
    seen.forEach((one, index) => seen.slice(index + 1).forEach((other, more) => {
      const distance = Math.hypot(...one.map((part, at) => part - (other[at] ?? 0)));
      expect(distance, `${index + 1} and ${index + more + 2}, ${sight}`).toBeGreaterThan(TOLD_APART);
    }));
  }
});
