/**
 * Which images a pre-training has: {@code pretrain_data.json}, and where its files lie.
 *
 * <p>An {@link dev.larmor.models.ssl.collection.ImageCollection} is read from such a file, or made
 * of a folder by {@link dev.larmor.models.ssl.collection.FolderIndex} and of OpenMind's table by
 * {@link dev.larmor.models.ssl.collection.OpenMind}. It nests as BIDS does – datasets, subjects,
 * sessions, images –; {@link dev.larmor.models.ssl.collection.CollectionImage} is one image with
 * all that it is in, and gives the names derived from that. {@link
 * dev.larmor.models.ssl.collection.Roots} are the folders that environment variables name, {@link
 * dev.larmor.models.ssl.collection.DatasetName} a data set's folder in each of them:
 *
 * <pre>
 * $nnssl_raw/Dataset745_OpenMind/pretrain_data.json
 * $nnssl_preprocessed/Dataset745_OpenMind/…
 * $nnssl_results/Dataset745_OpenMind/…
 * </pre>
 */
package dev.larmor.models.ssl.collection;
