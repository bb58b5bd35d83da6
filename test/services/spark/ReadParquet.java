import org.apache.spark.sql.SparkSession;

/**
 * Reads a Parquet file with each of Spark's two readers, the vectorized one and that of parquet-mr, and prints each row as JSON
 * behind the reader's name and a tab. Spark falls back from the vectorized one in silence; this fails then.
 *
 * Usage: java -cp 'lib/*' ReadParquet.java FILE
 */
public final class ReadParquet {
  public static void main(String[] args) {
    var spark = SparkSession.builder()
        .master("local[1]")
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", args[0] + ".warehouse")
        // Rows with more fields than that are not read in batches.
        .config("spark.sql.codegen.maxFields", 10_000)
        .getOrCreate();
    for (var vectorized : new boolean[] {true, false}) {
      spark.conf().set("spark.sql.parquet.enableVectorizedReader", vectorized);
      var rows = spark.read().parquet(args[0]);
      var plan = rows.queryExecution().executedPlan().toString();
      if (!plan.contains("Batched: " + vectorized)) throw new IllegalStateException("another reader was taken: " + plan);
      for (var row : rows.toJSON().collectAsList()) {
        System.out.println((vectorized ? "vectorized" : "parquet-mr") + "\t" + row);
      }
    }
    spark.stop();
  }
}
