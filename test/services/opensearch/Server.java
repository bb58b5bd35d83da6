import java.nio.file.Path;
import java.util.List;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * A single OpenSearch node from its jars on Maven Central: the distribution itself is in no package registry.
 * It is the real server with its real HTTP transport; only the launcher is ours, since the official one
 * insists on a security manager, an unprivileged user and the directory layout of the distribution.
 *
 * Usage: java -cp 'lib/*' Server.java HOME_DIRECTORY PORT
 */
public final class Server {
  public static void main(String[] args) throws Exception {
    var home = Path.of(args[0]);
    var settings = Settings.builder()
        .put("path.home", home)
        .put("cluster.name", "tiercel-tests")
        .put("node.name", "test")
        .put("discovery.type", "single-node")
        .put("network.host", "127.0.0.1")
        .put("http.port", args[1])
        .put("transport.port", "0")
        .put("http.type", "netty4")
        .put("transport.type", "netty4")
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        .build();
    var node = new EmbeddedNode(new Environment(settings, home.resolve("config")), List.of(Netty4Plugin.class));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }));
    node.start();
    System.out.println("started");
    Thread.currentThread().join();
  }

  private static final class EmbeddedNode extends Node {
    EmbeddedNode(Environment environment, List<Class<? extends Plugin>> plugins) {
      super(environment, plugins, false);
    }
  }
}
