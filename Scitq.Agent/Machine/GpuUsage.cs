using System.Globalization;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Machine;

/// <summary>Asks the driver now and then how busy the GPUs are: it takes the driver longer to answer than a heartbeat may wait.</summary>
internal sealed class GpuUsage(RuntimeSet runtimes, TimeProvider time) : IAgentPart
{
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);
    private volatile IReadOnlyList<GpuStats>? _latest;

    /// <summary>One for each GPU; null where there are none, and while the driver does not answer.</summary>
    public IReadOnlyList<GpuStats>? Latest => _latest;

    public async Task RunAsync(CancellationToken ct)
    {
        if (runtimes.Gpus.Count == 0) await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
        while (true)
        {
            var lines = await NvidiaSmi.AskAsync(Environment.GetEnvironmentVariable("PATH"), "utilization.gpu,memory.used,memory.total", ct);
            _latest = lines.Count > 0 ? [.. lines.Select(Read)] : null;
            await Task.Delay(Pause, time, ct);
        }
    }

    /// <summary>One line of the driver's answer; what it does not know of a GPU (<c>[N/A]</c>) is 0.</summary>
    internal static GpuStats Read(string line)
    {
        var fields = line.Split(',', StringSplitOptions.TrimEntries);
        return new GpuStats(Number(0), (long)(Mebibyte * Number(1)), (long)(Mebibyte * Number(2)));

        double Number(int i) => i < fields.Length && double.TryParse(fields[i], CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
