import io.trino.server.Server;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;

/**
 * A single Trino node from its jars on Maven Central: the distribution itself is in no package registry. It is the real server, with
 * the Hive connector over a folder and a metastore of files; only what the distribution lays out is ours: the settings, and
 * a folder of the connector's jars with the entry that makes a plugin of them.
 *
 * Usage: java -cp 'lib/*' Launcher.java HOME_DIRECTORY PORT, and HOME_DIRECTORY is the root of the catalog "lake"
 */
public final class Launcher {
  public static void main(String[] args) throws IOException {
    var home = Path.of(args[0]);
    var plugins = home.resolve("trino/plugin");
    var catalogs = Files.createDirectories(home.resolve("trino/catalog"));
    layOutPlugin(Files.createDirectories(plugins.resolve("hive")));
    Files.writeString(catalogs.resolve("lake.properties"), """
        connector.name=hive
        hive.metastore=file
        hive.metastore.catalog.dir=local:///trino/metastore
        hive.security=allow-all
        hive.allow-register-partition-procedure=true
        fs.native-local.enabled=true
        local.location=%s
        """.formatted(home));
    var config = home.resolve("trino/config.properties");
    Files.writeString(config, """
        node.environment=tests
        node.id=test
        node.internal-address=127.0.0.1
        node.bind-ip=127.0.0.1
        coordinator=true
        node-scheduler.include-coordinator=true
        http-server.http.port=%s
        discovery.uri=http://127.0.0.1:%s
        plugin.dir=%s
        catalog.config-dir=%s
        query.max-memory-per-node=256MB
        memory.heap-headroom-per-node=128MB
        """.formatted(args[1], args[1], plugins, catalogs));
    System.setProperty("config", config.toString());
    new Server().start("483");
  }

  /** The jars of our own class path, and the service entry, which Maven Central has not. */
  private static void layOutPlugin(Path folder) throws IOException {
    for (var jar : System.getProperty("java.class.path").split(File.pathSeparator)) {
      var path = Path.of(jar).toAbsolutePath();
      var link = folder.resolve(path.getFileName());
      if (!Files.exists(link)) Files.createSymbolicLink(link, path);
    }
    try (var jar = new JarOutputStream(Files.newOutputStream(folder.resolve("services.jar")))) {
      jar.putNextEntry(new ZipEntry("META-INF/services/io.trino.spi.Plugin"));
      jar.write("io.trino.plugin.hive.HivePlugin".getBytes());
      jar.closeEntry();
    }
  }
}
