/**
 * Three-dimensional images as the pre-training reads them: {@link
 * dev.larmor.models.data.image.Image3d} is a grid of values with its spacing and place.
 */
package dev.larmor.models.data.image;
