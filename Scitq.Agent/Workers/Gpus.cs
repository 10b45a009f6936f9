using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Scitq.Agent.Workers;

/// <summary>The graphics processors of this machine.</summary>
internal static partial class Gpus
{
    // Without its persistence daemon the driver wakes every card first. But an agent that starts again has attempts that will be taken for lost.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    /// <summary>Their models, as NVIDIA's own tool names them; none where there is no such tool, or it finds none.</summary>
    public static async Task<IReadOnlyList<string>> FindAsync(string tool, ILogger logger, CancellationToken ct)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(tool, ["--query-gpu=name", "--format=csv,noheader"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true } };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            process.Start();
            process.StandardInput.Close();
            patience.CancelAfter(s_patience);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            var names = (await process.StandardOutput.ReadToEndAsync(patience.Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            await process.WaitForExitAsync(patience.Token);
            if (process.ExitCode == 0) return names;
            // It says on stdout what is wrong with the driver.
            Unusable(logger, tool, string.Join(' ', [.. names, (await errors).Trim()]).Trim());
        }
        catch (Win32Exception)
        {
            // Not installed: a machine without GPUs.
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            Unusable(logger, tool, $"no answer in {s_patience.TotalSeconds:0} s.");
        }

        return [];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Tool} can't tell which GPUs there are, so none are shown: {Problem}")]
    private static partial void Unusable(ILogger logger, string tool, string problem);
}
