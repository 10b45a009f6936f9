using Scitq.Fetch;

namespace Scitq.Agent.Disk;

/// <summary>Unlike the framework's, calls in place.</summary>
internal sealed class Relay(Action<TransferProgress> report) : IProgress<TransferProgress>
{
    public void Report(TransferProgress value) => report(value);
}
