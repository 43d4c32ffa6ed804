package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.Roots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that make a pre-training data set. */
final class SslCommandTest {
  private static final String HEAD =
      "image_path,modality,unique_id,image_quality_score,anon_mask_path,anat_mask_path,derived_from,"
          + "is_brain_extract,echo_time,age,sex,extra\n";

  @TempDir private Path data;
  @TempDir private Path raw;

  private void touch(String... files) throws IOException {
    for (String file : files) {
      Path path = data.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, "");
    }
  }

  private Program.Result index(Object... more) {
    Object[] command = {"ssl", "index", data, "--raw", raw, "--dataset=123_Mine"};
    Object[] all = new Object[command.length + more.length];
    System.arraycopy(command, 0, all, 0, command.length);
    System.arraycopy(more, 0, all, command.length, more.length);
    return Program.run(all);
  }

  private ImageCollection collection(String dataset) {
    return ImageCollection.read(
        raw.resolve(dataset).resolve("pretrain_data.json"),
        new Roots(Map.of("nnssl_raw", raw.toString())));
  }

  private static List<String> stems(ImageCollection collection) {
    return collection.images().stream().map(CollectionImage::stem).toList();
  }

  @Test
  void aBidsFolder() throws IOException {
    touch(
        "sub-02/anat/sub-02_T1w.nii.gz",
        "sub-02/anat/sub-02_T1w.json",
        "sub-01/ses-a/anat/sub-01_ses-a_acq-x_T2w.nii",
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        "sub-01/ses-b/func/sub-01_ses-b_bold.nii.gz",
        "sub-01/ses-b/dwi/sub-01_ses-b_dwi.nii.gz",
        "derivatives/sub-01/anat/sub-01_T1w.nii.gz",
        ".git/sub-03/anat/a_T1w.nii.gz");
    Path file = raw.resolve("Dataset123_Mine/pretrain_data.json");
    assertEquals("3 images of 2 subjects in " + file + "\n", index().succeeded().out());
    String base = "Dataset123_Mine/" + data.getFileName();
    ImageCollection collection = collection("Dataset123_Mine");
    assertEquals(
        List.of(
            base + "/sub-01/ses-a/sub-01_ses-a_FLAIR",
            base + "/sub-01/ses-a/sub-01_ses-a_acq-x_T2w",
            base + "/sub-02/ses-DEFAULT/sub-02_T1w"),
        stems(collection));
    assertEquals(
        List.of("FLAIR", "T2w", "T1w"),
        collection.images().stream().map(image -> image.image().modality()).toList());
    assertEquals(
        data.resolve("sub-02/anat/sub-02_T1w.nii.gz"), collection.images().get(2).image().path());
    assertEquals(123, collection.index().asInt());
    index("--types=anat,dwi", "--exclude=**_FLAIR.*", "--exclude=sub-02/**").succeeded();
    assertEquals(
        List.of(
            base + "/sub-01/ses-a/sub-01_ses-a_acq-x_T2w", base + "/sub-01/ses-b/sub-01_ses-b_dwi"),
        stems(collection("Dataset123_Mine")));
  }

  @Test
  void aPlainFolder() throws IOException {
    touch("b_T1.nii.gz", "a.mha", "more/c.nrrd", "b_label.nii.gz", "readme.txt", ".a.nii.tmp");
    index("--exclude", "**_label*").succeeded();
    String base = "Dataset123_Mine/" + data.getFileName();
    assertEquals(
        List.of(
            base + "/a/ses-DEFAULT/a",
            base + "/b_T1/ses-DEFAULT/b_T1",
            base + "/more-c/ses-DEFAULT/c"),
        stems(collection("Dataset123_Mine")));
  }

  @Test
  void foldersThatCannotBeIndexed() throws IOException {
    index().refused(2, data + ": no images, expected files *.nii.gz *.nii *.nrrd *.mha *.mhd");
    touch("sub-01/func/sub-01_bold.nii.gz");
    index()
        .refused(
            2,
            data
                + ": no images, expected files sub-*/[ses-*/]anat/*.nii.gz *.nii *.nrrd *.mha *.mhd");
    Path missing = data.resolve("missing");
    Program.run("ssl", "index", missing, "--dataset=123_Mine", "--raw", raw)
        .refused(2, missing + ": no such folder");
    Program.run("ssl", "index", data, "--dataset=Mine", "--raw", raw)
        .refused(
            2,
            "'Mine' is no data set, expected an id of three digits and a name, such as 745_OpenMind;"
                + " see 'larmor ssl index --help'");
    touch("sub-01/anat/sub-01_T1w.nii", "sub-01/anat/sub-01_T1w.nii.gz");
    index()
        .refused(
            2,
            ("%s/Dataset123_Mine/pretrain_data.json: datasets.\"%s\".subjects.\"sub-01\".sessions."
                    + "\"ses-DEFAULT\".images[1].name: 'sub-01_T1w.nii.gz' is in this session already,"
                    + " with this or another ending")
                .formatted(raw, data.getFileName()));
    assertFalse(Files.exists(raw.resolve("Dataset123_Mine/pretrain_data.json")));
    index("--exclude=[")
        .refused(2, "'[' is no pattern of files: Missing ']; see 'larmor ssl index --help'");
    Program.run("ssl").refused(2, "Missing command; see 'larmor ssl --help'");
  }

  private Program.Result convert(String csv) throws IOException {
    Files.createDirectories(data.resolve("OpenMind"));
    Files.writeString(data.resolve("openneuro_metadata.csv"), csv);
    return Program.run("ssl", "convert-openmind", "--openmind-root-dir", data, "--raw", raw);
  }

  @Test
  void openMind() throws IOException {
    String csv =
        HEAD
            + "ds000001/sub-1/ses-1/anat/sub-1_T1w.nii.gz,T1w,ds000001_1,2.5,"
            + "ds000001/sub-1/anon.nii.gz,,,False,0.003,25,M,x\n"
            + "\"ds000001/sub-1/ses-1/dwi/sub-1_dwi_deriv/ADC.nii.gz\",ADC,ds000001_2,,,,DWI,True,"
            + "n/a,25,M,x\n"
            + "ds000001/sub-2/anat/sub-2_T1w.nii.gz,T1w,ds000001_3,9,,,nan,False,0.004,,\"a, \"\"b\"\"\",\n"
            + "ds000002/sub-1/anat/sub-1_T1w.nii.gz,T1w,ds000002_1,1,,,,False,,,F,\n";
    assertEquals(
        "4 images of 3 subjects in " + raw.resolve("Dataset745_OpenMind/pretrain_data.json") + "\n",
        convert(csv).succeeded().out());
    ImageCollection collection = collection("Dataset745_OpenMind");
    String base = "Dataset001_OpenMind/ds00000";
    assertEquals(
        List.of(
            base + "1/sub-1/ses-1/sub-1_T1w",
            base + "1/sub-1/ses-1/sub-1_dwi_ADC",
            base + "1/sub-2/ses-DEFAULT/sub-2_T1w",
            base + "2/sub-1/ses-DEFAULT/sub-1_T1w"),
        stems(collection));
    List<CollectionImage> images = collection.images();
    CollectionImage first = images.getFirst();
    assertEquals(
        data.resolve("OpenMind/ds000001/sub-1/ses-1/anat/sub-1_T1w.nii.gz"), first.image().path());
    assertEquals(
        data.resolve("OpenMind/ds000001/sub-1/anon.nii.gz"),
        first.image().masks().orElseThrow().anonymization().orElseThrow());
    assertEquals("{\"age\":25.0,\"sex\":\"M\"}", first.subject().info().toString());
    assertEquals(
        "{\"echo_time\":0.003,\"is_brain_extract\":false}", first.image().info().toString());
    assertEquals(
        "{\"derived_from\":\"DWI\",\"is_brain_extract\":true}",
        images.get(1).image().info().toString());
    assertEquals("{\"sex\":\"a, \\\"b\\\"\"}", images.get(2).subject().info().toString());
    assertEquals(
        "{\"image_quality_score\":["
            + "{\"derived_from\":\"DWI\",\"image_quality_score\":null,\"modality\":\"ADC\"},"
            + "{\"derived_from\":null,\"image_quality_score\":2.5,\"modality\":\"T1w\"}]}",
        first.dataset().info().toString());
    assertEquals(1, collection.index().asInt());
  }

  @Test
  void badTables() throws IOException {
    Path csv = data.resolve("openneuro_metadata.csv");
    Program.run("ssl", "convert-openmind", "--openmind_root_dir", data, "--raw", raw)
        .refused(2, csv + ": no such file");
    convert("").refused(2, csv + ": no line of column names");
    convert("image_path,modality,unique_id\n").refused(2, csv + ": no column image_quality_score");
    convert(HEAD.replace("extra", "age"))
        .refused(
            2,
            csv
                + ": two columns of one name among "
                + HEAD.strip().replace("extra", "age").replace(",", ", "));
    convert(HEAD + "a,b\n").refused(2, csv + ": row 1: 2 cells, expected 12");
    convert(HEAD + "\"a").refused(2, csv + ": cannot be read: a quoted field has no end");
    convert(HEAD + "a/b,T1w,ds000001_1,1,,,,,,,,\n")
        .refused(2, csv + ": row 1: image_path: 'a/b', expected data set/subject/…/file");
    convert(HEAD + "a/b/c.nii,,ds000001_1,1,,,,,,,,\n")
        .refused(2, csv + ": row 1: modality: missing");
    convert(HEAD + "a/../c.nii,T1w,ds000001_1,1,,,,,,,,\n")
        .refused(
            2,
            raw.resolve("Dataset745_OpenMind/pretrain_data.json")
                + ": datasets.\"a\".subjects.\"..\": '..', expected what can be a file's name");
    Files.delete(data.resolve("OpenMind"));
    Files.writeString(csv, HEAD);
    Program.run("ssl", "convert-openmind", "--openmind-root-dir", data, "--raw", raw)
        .refused(2, data.resolve("OpenMind") + ": no such folder, expected OpenMind's images");
  }
}
