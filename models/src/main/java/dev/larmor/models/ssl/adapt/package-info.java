/**
 * From pre-training to what it is for, here and in nnSSL's world: {@link
 * dev.larmor.models.ssl.adapt.PretrainedEncoder} gives a new network the weights of a pre-trained
 * encoder, from a checkpoint of this program or of nnSSL:
 *
 * <pre>
 * PretrainedEncoder pretrained = new PretrainedEncoder(file);
 * ResidualUnet network = new ResidualUnet(pretrained.config(Precision.FP32), classes);
 * network.place(device, Philox.of(seed, "weights"));
 * pretrained.loadInto(network); // the decoder keeps its random weights
 * </pre>
 */
package dev.larmor.models.ssl.adapt;
