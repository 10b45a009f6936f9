using System.Collections.Concurrent;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>
/// Finds out before a command runs whether its output can be delivered, with a tiny file that is written and deleted again: a mistake in the bucket's
/// name must not cost three days. What went well is remembered as long as the agent lives, by batch and store; what went wrong is tried again.
/// </summary>
/// <param name="fetcher">What delivers in the end.</param>
/// <param name="folder">A directory of the agent's own.</param>
/// <param name="time">The clock.</param>
internal sealed class OutputProbe(Fetcher fetcher, string folder, TimeProvider time)
{
    private const int FileExists = 17;
    private const int NotDirectory = 20;
    private const int ReadOnly = 30;

    // A store in trouble gets its time when there is something to deliver.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<(string Batch, string Root), Probe> _probes = new();

    /// <summary>Directories below which <c>file://</c> is allowed; empty means anywhere.</summary>
    public IReadOnlyList<string> FileRoots { get; init; } = [];

    /// <summary>Fetches, and meanwhile probes where the output goes; a probe that fails stops the fetching.</summary>
    /// <exception cref="StartException">The output could not be delivered.</exception>
    public async Task<T> WhileAsync<T>(TaskSpec spec, Func<CancellationToken, Task<T>> fetch, CancellationToken ct)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var fetched = fetch(failed.Token);
        var check = spec.Output is { } output ? CheckAsync(spec.Batch, output, failed.Token) : Task.CompletedTask;
        await Task.WhenAny(fetched, check);
        try
        {
            // One that fails, or whose time is over, does not wait for the other.
            if (fetched.IsCompleted) await fetched;
            await check;
        }
        catch
        {
            await failed.CancelAsync();
            // Whichever failed first is told; the other one only has to be over.
            await Task.WhenAll(fetched, check).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await fetched;
    }

    private async Task CheckAsync(string batch, DataUri output, CancellationToken ct)
    {
        var uri = output.Plain().AsFolder();
        var key = (batch, Root(uri));
        var asked = time.GetTimestamp();
        Probe probe;
        Finding finding;
        do
        {
            probe = _probes.GetOrAdd(key, _ => new Probe(time.GetTimestamp(), new(() => Task.Run(() => ProbeAsync(uri), CancellationToken.None))));
            finding = await probe.Finding.Value.WaitAsync(ct);
            if (finding.Good) return;
            _probes.TryRemove(KeyValuePair.Create(key, probe));
        }
        // A bad answer to somebody who asked before: it may be another one now.
        while (probe.Begun < asked);

        if (finding.Problem is not { } problem) return;
        var reason = $"the command was not started, as its output could not be delivered to {Redacted.Of(output)}: {problem}";
        throw new StartException(FailureClass.Upload, reason);
    }

    private async Task<Finding> ProbeAsync(DataUri output)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        var folder = Existing(output);
        if (output.Scheme == "file" && File.Exists(Path.TrimEndingDirectorySeparator(folder)))
            return new Finding(Good: false, $"'{Path.TrimEndingDirectorySeparator(folder)}' is a file, not a folder. Correct -o.");
        var marker = output.At($"{folder}{Fetcher.ProbePrefix}{Guid.NewGuid():N}");
        try
        {
            await fetcher.PutAsync(Source(), marker, progress: null, patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TransferExhaustedException or IntegrityException or DiskFullException)
        {
            return new Finding(Good: false);
        }
        catch (Exception e) when (e is FetchException or IOException { HResult: FileExists or NotDirectory or ReadOnly })
        {
            var shown = Redacted.Of(marker) + ": ";
            return new Finding(Good: false, (e.Message.StartsWith(shown, StringComparison.Ordinal) ? e.Message[shown.Length..] : e.Message) + Remedy(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding(Good: false);
        }

        try
        {
            await fetcher.DeleteAsync(marker, ct: patience.Token);
        }
        catch (Exception e) when (e is FetchException or IOException or OperationCanceledException)
        {
            // Some stores only take, and it is delivering that counts: a few bytes stay there.
        }

        return new Finding(Good: true);
    }

    /// <summary>
    /// The folder to write into: one that a cancelled task would have made for nothing is not made for the probe, but the nearest that is there is asked.
    /// </summary>
    private string Existing(DataUri output)
    {
        if (output.Scheme != "file") return output.Path;
        var folder = Path.TrimEndingDirectorySeparator(output.Path);
        while (!Path.Exists(folder) && Path.GetDirectoryName(folder) is { } above) folder = above;
        return FileRoots.Count == 0 || FileRoots.Any(root => IsBelow(folder, root)) ? $"{Path.TrimEndingDirectorySeparator(folder)}/" : output.Path;
    }

    private static bool IsBelow(string folder, string root) =>
        $"{folder}/".StartsWith($"{Path.TrimEndingDirectorySeparator(root)}/", StringComparison.Ordinal);

    /// <summary>What is uploaded; always the same, so written once.</summary>
    private string Source()
    {
        var file = Path.Combine(folder, ".scitq-probe");
        if (File.Exists(file)) return file;
        var written = $"{file}-{Guid.NewGuid():N}";
        File.WriteAllText(written, "Scitq can write here.\n");
        File.Move(written, file, overwrite: true);
        return file;
    }

    /// <summary>What stands or falls together: a bucket, a server, and of a disk the folder above.</summary>
    private static string Root(DataUri output) => output.Scheme == "file"
        ? $"file://{Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(output.Path))}"
        : $"{output.Scheme}://{output.Path.Split('/')[0]}";

    private static string Remedy(Exception e) => e switch
    {
        DataNotFoundException => " Create it, or correct -o.",
        AccessDeniedException => " Give the worker's account the right to write there (docs/operations/storage.md), or correct -o.",
        _ => " Correct -o.",
    };

    private sealed record Probe(long Begun, Lazy<Task<Finding>> Finding);

    /// <param name="Good">It can be written there; otherwise, without a problem, the store can't tell at the moment.</param>
    /// <param name="Problem">Why it can't be.</param>
    private sealed record Finding(bool Good, string? Problem = null);
}
