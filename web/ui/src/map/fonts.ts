/**
 * Fonts for the map's words. The style names no glyphs, so MapLibre draws them
 * with this computer's own fonts and asks nobody for any. It reads the weight
 * from the first name, which is no font's and only says that.
 */
export const regular = ["Regular", "system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"];
export const semibold = ["Semibold", ...regular.slice(1)];

/** The same for a canvas. */
export const canvasFamily = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';
