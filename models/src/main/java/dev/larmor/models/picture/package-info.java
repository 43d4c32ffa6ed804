/**
 * Pictures of slices: {@link dev.larmor.models.picture.Picture} is a canvas for images in false
 * colours ({@link dev.larmor.models.picture.ColorMap}), outlines and text, saved as PNG. {@link
 * dev.larmor.models.picture.Chart} draws curves as SVG, {@link dev.larmor.models.picture.Spread}
 * how values are spread.
 *
 * <p>Nothing here needs a display or an installed font: the letters are a bitmap of printable ASCII
 * in DejaVu Sans Mono, {@code letters.png} among the resources, 16 to a row.
 */
package dev.larmor.models.picture;
