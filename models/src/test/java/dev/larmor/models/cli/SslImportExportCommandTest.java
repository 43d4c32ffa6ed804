package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.autograd.Adam;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.SimClr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SslImportExportCommandTest {
  private static final SimClr.Config NETWORK =
      new SimClr.Config(
          new ResidualEncoder.Config(1, List.of(2, 3), List.of(1, 2), Precision.FP32), 4, 5);

  @TempDir private Path folder;

  private void save(Path file, int steps) {
    try (Device device = Device.open("cpu");
        SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      try (Adam adam = new Adam(network.parameters(), Adam.Config.adam(0.9, 0.999))) {
        adam.steps(steps);
        new ModelState("mini", network, adam).save(file, Map.of("epoch", "2"));
      }
    }
  }

  @Test
  void thereAndBack() {
    Path checkpoint = folder.resolve("checkpoint_final.safetensors");
    save(checkpoint, 1);
    Path pth = folder.resolve("a.pth");
    assertEquals(
        """
        %s: 1,276 parameters under 66 names, Adam's state after 1 step
        left out: logging: there is no epochs.csv beside the checkpoint
        left out: nnssl_adaptation_plan: the checkpoint does not tell it, and nnU-Net's fork needs it: --adaptation-plan gives one
        """
            .formatted(pth),
        Program.run("ssl", "export", checkpoint, "--out", pth).succeeded().out());
    Path back = folder.resolve("back.safetensors");
    assertEquals(
        """
        %s: encoder and head, 1,276 parameters, Adam's state after 1 step
        left out: init_args
        left out: citations
        """
            .formatted(back),
        Program.run("ssl", "import", pth, "--out", back).succeeded().out());
  }

  @Test
  void refusals() throws IOException {
    Path checkpoint = folder.resolve("a.safetensors");
    save(checkpoint, 0);
    Program.run("ssl", "import", checkpoint, "--out", folder.resolve("b.safetensors"))
        .refused(2, checkpoint + ": is a checkpoint of this program already");
    Program.run("ssl", "export", checkpoint, "--out", folder.resolve("b.zip"))
        .refused(
            2,
            "--out must end in .pth or .pt: "
                + folder.resolve("b.zip")
                + "; see 'larmor ssl export --help'");
    Program.run("ssl", "import", checkpoint, "--out", folder.resolve("b.pth"))
        .refused(
            2,
            "--out must end in .safetensors: "
                + folder.resolve("b.pth")
                + "; see 'larmor ssl import --help'");
    Path none = folder.resolve("none.json");
    Program.run(
            "ssl",
            "export",
            checkpoint,
            "--out",
            folder.resolve("b.pth"),
            "--adaptation-plan",
            none)
        .refused(2, none + ": no such file");
    Path text = Files.writeString(folder.resolve("a.txt"), "nothing");
    Program.run("ssl", "import", text, "--out", folder.resolve("b.safetensors"))
        .refused(2, text + ": truncated: 7 bytes are too few for a safetensors header");
  }
}
