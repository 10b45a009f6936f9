using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>One run of a program from its start to its end; stdout to the byte.</summary>
public sealed partial record ToolOutput(int Code, byte[] OutBytes, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public string Out => Encoding.UTF8.GetString(OutBytes);

    /// <summary>The number in <c>Task queued with task id: N</c>, on whichever stream it is.</summary>
    public long TaskId => QueuedLine().Match(Out + Error) is { Success: true } match
        ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
        : throw new InvalidOperationException($"No task was queued; exit code {Code}: {Error}{Out}");

    public static async Task<ToolOutput> RunAsync(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var output = new MemoryStream();
        var copied = process.StandardOutput.BaseStream.CopyToAsync(output, limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await copied;
            await process.WaitForExitAsync(limit.Token);
            return new ToolOutput(process.ExitCode, output.ToArray(), await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"{Path.GetFileName(file)} {string.Join(' ', arguments)} had not ended after {Limit.TotalSeconds} s.");
            throw;
        }
    }

    /// <summary>The output of a run that must have gone well.</summary>
    public string Success()
    {
        Assert.True(Code == 0, $"Exit code {Code}: {Error}{Out}");
        return Out;
    }

    [GeneratedRegex("Task queued with task id: ([0-9]+)")]
    private static partial Regex QueuedLine();
}
