package dev.larmor.models.data.fastmri;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.Python;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IsmrmrdHeaderTest {
  private static final String START =
      "<?xml version='1.0'?><ismrmrdHeader xmlns='http://www.ismrm.org/ISMRMRD'>";

  @TempDir private Path folder;

  private static Path resource(String name) {
    try {
      return Path.of(IsmrmrdHeaderTest.class.getResource("scan-" + name + ".h5").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"variable", "fixed"})
  void asFastMriHasIt(String name) {
    try (KspaceVolume volume = KspaceVolume.open(resource(name))) {
      IsmrmrdHeader header = volume.header().orElseThrow();
      assertEquals(
          new IsmrmrdHeader.Space(24, 20, 1, 440, 220.5, 7.5), header.encoded().orElseThrow());
      assertEquals(new IsmrmrdHeader.Space(16, 16, 1, 220, 220, 5), header.recon().orElseThrow());
      assertEquals(OptionalDouble.of(2), header.acceleration());
      assertEquals(Optional.of("SIEMENS"), header.vendor());
      assertEquals(Optional.of("Größe & Söhne"), header.model());
      assertEquals(2.89362, header.fieldStrength().orElseThrow());
      assertEquals(OptionalInt.of(2), header.receiverChannels());
      assertEquals(OptionalInt.of(16), volume.imageSize());
    }
  }

  @Test
  void whatDoesNotTellTheSize() {
    for (String name : new String[] {"oblong", "number", "none"}) {
      try (KspaceVolume volume = KspaceVolume.open(resource(name))) {
        assertEquals(name.equals("oblong"), volume.header().isPresent(), name);
        assertEquals(OptionalInt.empty(), volume.imageSize(), name);
      }
    }
    Path path = folder.resolve("large.h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.dataset("kspace", Hdf5Writer.Element.C64, 1, 1, 24, 20).write(new float[960]);
      writer.text(
          KspaceVolume.HEADER,
          (START
                  + "<encoding><reconSpace><matrixSize><x>25</x><y>25</y><z>1</z></matrixSize>"
                  + "</reconSpace></encoding></ismrmrdHeader>")
              .getBytes(StandardCharsets.UTF_8));
      writer.commit();
    }
    try (KspaceVolume volume = KspaceVolume.open(path)) {
      assertEquals(25, volume.header().orElseThrow().recon().orElseThrow().x());
      assertEquals(OptionalInt.empty(), volume.imageSize(), "larger than k-space");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"variable", "fixed"})
  void theDescriptionIsCopiedToTheByte(String name) throws IOException {
    Path copy = folder.resolve("copy.h5");
    try (KspaceVolume volume = KspaceVolume.open(resource(name));
        Hdf5Writer writer = Hdf5Writer.replace(copy)) {
      volume.copyDescription(writer);
      writer.commit();
    }
    try (Hdf5File from = Hdf5File.open(resource(name));
        Hdf5File to = Hdf5File.open(copy)) {
      byte[] header = from.dataset("ismrmrd_header").readText();
      assertTrue(new String(header, StandardCharsets.UTF_8).endsWith("</ismrmrdHeader>\n"));
      assertArrayEquals(header, to.dataset("ismrmrd_header").readText());
      assertEquals(Optional.of("AXT2"), to.attribute("acquisition"));
      assertEquals(from.attribute("patient_id"), to.attribute("patient_id"));
      assertEquals(Optional.of(0.00045), to.attribute("max"));
      assertEquals(Optional.of(0.25), to.attribute("norm"));
      assertEquals(Optional.empty(), to.attribute("acceleration"));
    }
    Python.assumeModules("h5py");
    Python.run(
        """
        import sys, h5py
        a, b = (h5py.File(p, "r") for p in sys.argv[1:])
        assert b["ismrmrd_header"].shape == ()
        assert bytes(a["ismrmrd_header"][()]) == bytes(b["ismrmrd_header"][()])
        assert b.attrs["patient_id"].decode() == a.attrs["patient_id"]
        assert b.attrs["acquisition"] == b"AXT2" and b.attrs["max"] == 0.00045
        """,
        resource(name),
        copy);
  }

  private static String refusal(String xml) {
    return assertThrows(
            DataException.class,
            () -> IsmrmrdHeader.parse(xml.getBytes(StandardCharsets.UTF_8), "f: 'h'"))
        .getMessage();
  }

  @Test
  void hostileHeaders() throws IOException {
    Path secret = folder.resolve("secret");
    Files.writeString(secret, "3");
    String end = "<encoding/></ismrmrdHeader>";
    String external =
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM '" + secret.toUri() + "'>]>";
    assertEquals(
        "f: 'h' has a document type",
        refusal(
            external
                + "<ismrmrdHeader xmlns='http://www.ismrm.org/ISMRMRD'>"
                + "<acquisitionSystemInformation><receiverChannels>&e;</receiverChannels>"
                + "</acquisitionSystemInformation>"
                + end));
    StringBuilder laughs = new StringBuilder("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a0 'ha'>");
    for (int i = 1; i < 40; i++) {
      laughs.append("<!ENTITY a%d '&a%d;&a%d;&a%d;'>".formatted(i, i - 1, i - 1, i - 1));
    }
    assertEquals(
        "f: 'h' has a document type",
        refusal(laughs + "]><ismrmrdHeader xmlns='http://www.ismrm.org/ISMRMRD'>&a39;" + end));
    assertEquals(
        "f: 'h' has a document type",
        refusal("<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'><x/>"));
    assertEquals("f: 'h' has elements more than 32 deep", refusal(START + "<a>".repeat(100_000)));
    assertEquals(
        "f: 'h' has 5000075 bytes, expected a header",
        refusal(START + " ".repeat(5_000_000 + 75 - START.length())));
  }

  @Test
  void brokenHeaders() {
    assertTrue(refusal("").startsWith("f: 'h' is no well-formed XML"), refusal(""));
    assertTrue(refusal("header").startsWith("f: 'h' is no well-formed XML: "), refusal("header"));
    String open = refusal(START + "<encoding>");
    assertTrue(open.startsWith("f: 'h' is no well-formed XML: "), open);
    assertEquals(1, open.lines().count());
    assertTrue(refusal(START + "&nothing;").startsWith("f: 'h' is no well-formed XML: "));
    assertEquals(
        "f: 'h' is no ismrmrdHeader of http://www.ismrm.org/ISMRMRD",
        refusal("<ismrmrdHeader></ismrmrdHeader>"));
    String channels =
        "<acquisitionSystemInformation><receiverChannels>%s</receiverChannels>"
            + "</acquisitionSystemInformation></ismrmrdHeader>";
    assertEquals(
        "f: 'h' has 'many' as /ismrmrdHeader/acquisitionSystemInformation/receiverChannels,"
            + " expected a number",
        refusal(START + channels.formatted("many")));
    for (String count : new String[] {"-1", "1.5", "1e10", "NaN"}) {
      assertTrue(refusal(START + channels.formatted(count)).endsWith("expected a count"), count);
    }
    IsmrmrdHeader header =
        IsmrmrdHeader.parse(
            (START + "</ismrmrdHeader>").getBytes(StandardCharsets.UTF_8), "f: 'h'");
    assertEquals(Optional.empty(), header.recon());
    assertEquals(OptionalDouble.empty(), header.fieldStrength());
  }

  @Test
  void mutations() {
    byte[] whole;
    try (Hdf5File file = Hdf5File.open(resource("variable"))) {
      whole = file.dataset("ismrmrd_header").readText();
    }
    Philox draws = Philox.of(2025, "headers");
    int read = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] mutated = whole.clone();
      Philox draw = draws.with(i);
      mutated[draw.below(whole.length, 0)] = (byte) draw.below(256, 1);
      try {
        IsmrmrdHeader.parse(mutated, "x");
        read++;
      } catch (DataException e) {
        assertTrue(e.getMessage().startsWith("x "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      }
    }
    assertTrue(read > 100 && read < 2900, read + " could be read");
  }
}
