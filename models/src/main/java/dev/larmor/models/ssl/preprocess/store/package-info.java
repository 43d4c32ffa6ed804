/**
 * Preprocessed images on the disk: {@link dev.larmor.models.ssl.preprocess.store.VolumeFile} writes
 * one as a whole or not at all, and reads any patch of it.
 */
package dev.larmor.models.ssl.preprocess.store;
