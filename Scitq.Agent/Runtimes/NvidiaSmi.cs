using System.ComponentModel;
using System.Diagnostics;

namespace Scitq.Agent.Runtimes;

/// <summary>Asks the NVIDIA driver about the GPUs that there are.</summary>
internal static class NvidiaSmi
{
    private const string Program = "nvidia-smi";

    // A driver that hangs must not keep the agent from working.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>One line a GPU; none without the program, without a driver, or when it does not answer.</summary>
    /// <param name="path">Folders in which the program may be.</param>
    /// <param name="fields">What is asked, as the program calls it; they come separated by commas, without units.</param>
    /// <param name="ct">Ends the waiting.</param>
    public static async Task<IReadOnlyList<string>> AskAsync(string? path, string fields, CancellationToken ct)
    {
        var file = (path ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);
        if (file is null) return [];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, [$"--query-gpu={fields}", "--format=csv,noheader,nounits"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            })!;
            try
            {
                process.StandardInput.Close();
                var errors = process.StandardError.ReadToEndAsync(patience.Token);
                var lines = await process.StandardOutput.ReadToEndAsync(patience.Token);
                await errors;
                await process.WaitForExitAsync(patience.Token);
                // Where there is no driver it says so on stdout.
                return process.ExitCode == 0 ? lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return [];
        }
    }
}
