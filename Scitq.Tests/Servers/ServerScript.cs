using System.Diagnostics;

namespace Scitq.Tests.Servers;

/// <summary>Runs one of scripts/servers, which test.sh uses too.</summary>
internal static class ServerScript
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task<string[]> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(TestEnvironment.Script(script), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}: {(await errors).Trim()} {(await output).Trim()}");
        }
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
