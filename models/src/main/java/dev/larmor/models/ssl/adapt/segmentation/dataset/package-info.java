/**
 * Images with labels as nnU-Net has them: {@link
 * dev.larmor.models.ssl.adapt.segmentation.dataset.SegmentationDataset} says which {@link
 * dev.larmor.models.ssl.adapt.segmentation.dataset.Case}s there are, {@link
 * dev.larmor.models.ssl.adapt.segmentation.dataset.Fold} which of them are held out.
 */
package dev.larmor.models.ssl.adapt.segmentation.dataset;
