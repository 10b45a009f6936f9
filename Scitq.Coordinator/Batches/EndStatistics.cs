namespace Scitq.Coordinator.Batches;

/// <summary>The tasks of a batch that ended the same way.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Status">How they ended.</param>
/// <param name="Tasks">The number of them.</param>
/// <param name="Attempts">The number of all their attempts.</param>
/// <param name="Queue">Seconds from the queue to a worker, of the last attempt of each; null where none got so far.</param>
/// <param name="Fetch">Seconds from there to the start of the command: data and image, and the wait for a slot.</param>
/// <param name="Run">Seconds that the command ran.</param>
/// <param name="Upload">Seconds from its end to that of the attempt.</param>
/// <param name="PeakMemory">The highest memory use of any attempt, in bytes.</param>
/// <param name="CpuSeconds">CPU time of all attempts.</param>
/// <param name="BytesIn">Bytes fetched by all attempts.</param>
/// <param name="BytesOut">Bytes delivered by all attempts.</param>
/// <param name="Cost">The price of the machines; null as long as nobody tells it.</param>
/// <param name="Causes">Why they ended so, the most frequent first: <c>9 exit 1</c>.</param>
internal sealed record EndStatistics(
    string Batch, string Status, long Tasks, long Attempts, Spread? Queue, Spread? Fetch, Spread? Run, Spread? Upload, long? PeakMemory,
    double CpuSeconds, long BytesIn, long BytesOut, double? Cost, IReadOnlyList<string> Causes);
