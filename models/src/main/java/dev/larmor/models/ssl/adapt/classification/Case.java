package dev.larmor.models.ssl.adapt.classification;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is classified: one image of one or more channels.
 *
 * @param name of its first image, as the table has it
 * @param images one file for each channel, all on one grid
 * @param mask what of the images counts, where it is not zero
 * @param subject whom it is of
 * @param label the class it belongs to, if that is known
 */
public record Case(
    String name, List<Path> images, Optional<Path> mask, String subject, Optional<String> label) {
  public Case {
    images = List.copyOf(images);
  }
}
