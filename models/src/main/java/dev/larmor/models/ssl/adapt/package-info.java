/**
 * From pre-training to what it is for, here and in nnSSL's world.
 *
 * <p>{@link dev.larmor.models.ssl.adapt.PretrainedEncoder} gives a new network the weights of a
 * pre-trained encoder, from a checkpoint of this program or of nnSSL:
 *
 * <pre>
 * PretrainedEncoder pretrained = new PretrainedEncoder(file);
 * ResidualUnet network = new ResidualUnet(pretrained.config(Precision.FP32), classes);
 * network.place(device, Philox.of(seed, "weights"));
 * pretrained.loadInto(network); // the decoder keeps its random weights
 * </pre>
 *
 * <p>{@link dev.larmor.models.ssl.adapt.CheckpointExport} writes a checkpoint as nnSSL's trainer
 * would, {@link dev.larmor.models.ssl.adapt.CheckpointImport} makes one of this program of theirs,
 * and {@link dev.larmor.models.ssl.adapt.AdaptationPlan} tells other programs what they are about
 * to adapt.
 */
package dev.larmor.models.ssl.adapt;
