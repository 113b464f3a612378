import type { Palette } from "./palette";

/** The signs a vehicle is drawn with; a shape each, so that colour is never all that tells them apart. */
export const vanSigns = ["moving", "moving-anywhere", "standing", "silent"] as const;
export type VanSign = (typeof vanSigns)[number];

/** Side of a sign in CSS pixels. */
export const signSize = 40;

/** Draws a sign that points north, its middle in the middle of a canvas of ratio device pixels to one. */
export function drawSign(sign: VanSign, palette: Palette, ratio: number): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = signSize * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return new ImageData(canvas.width, canvas.height);
  pen.scale(ratio, ratio);
  pen.translate(signSize / 2, signSize / 2);
  pen.lineJoin = pen.lineCap = "round";
  body(pen, sign, palette);
  inner(pen, sign, palette);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function body(pen: CanvasRenderingContext2D, sign: VanSign, palette: Palette): void {
  const outline = sign === "moving" ? drop() : disc(sign === "silent" ? 9 : 10.5);
  pen.shadowColor = "rgba(0, 0, 0, 0.35)";
  pen.shadowBlur = 5;
  pen.shadowOffsetY = 1;
  pen.lineWidth = 4;
  pen.strokeStyle = palette.vanEdge;
  pen.stroke(outline);
  pen.shadowColor = "transparent";
  pen.fillStyle = { moving: palette.van, "moving-anywhere": palette.van, standing: palette.vanStanding, silent: palette.vanSilent }[sign];
  pen.fill(outline);
}

function inner(pen: CanvasRenderingContext2D, sign: VanSign, palette: Palette): void {
  pen.fillStyle = pen.strokeStyle = palette.vanEdge;
  pen.lineWidth = 2.2;
  switch (sign) {
    case "moving":
      return pen.fill(new Path2D("M0-8 5 5.5 0 2.5-5 5.5z"));
    case "moving-anywhere":
      return pen.fill(disc(4));
    case "standing":
      return pen.fillRect(-3.5, -3.5, 7, 7);
    case "silent":
      return pen.stroke(new Path2D("M-3-3 3 3M3-3-3 3"));
  }
}

function disc(radius: number): Path2D {
  const path = new Path2D();
  path.arc(0, 0, radius, 0, 2 * Math.PI);
  return path;
}

/** A disc with a nose to the north. */
function drop(): Path2D {
  const path = new Path2D();
  path.arc(0, 0, 11, -0.85, Math.PI + 0.85);
  path.lineTo(0, -17.5);
  path.closePath();
  return path;
}
