using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Agent.Attempts;

/// <summary>Inputs and resources took too long.</summary>
internal sealed class DownloadTimeoutException(int seconds, IReadOnlyList<DataUri> wanted)
    : Exception($"inputs and resources ({Some(wanted)}) were not there after the download timeout of {seconds} s")
{
    private static string Some(IReadOnlyList<DataUri> wanted) => $"{string.Join(", ", wanted.Take(3).Select(Redacted.Of))}{(wanted.Count > 3 ? ", …" : "")}";
}
