using System.Text.Json;
using Scitq.Agent.Disk;
using Scitq.Agent.Files;
using Scitq.Agent.Reports;
using Scitq.Agent.Reuse;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Attempts;

/// <summary>Takes the result of an identical task instead of running the command (<c>--use-cache</c>).</summary>
internal sealed class ResultReuse(Reuser reuser, RuntimeSet runtimes, WorkDirectories directories, Leases leases, AttemptStreams streams, Reporter reporter)
{
    /// <summary>True when a result was taken, and nothing is left to be done.</summary>
    public async Task<bool> TryAsync(Attempt attempt, Outcome outcome)
    {
        if (!attempt.Spec.UseCache || !runtimes.CommandsRun) return false;
        Phase(attempt, "looking for an identical task that has succeeded");
        try
        {
            var key = outcome.CacheKey = await reuser.KeyAsync(attempt.Spec, attempt.Stopping);
            var found = await reuser.FindAsync(attempt.Key.TaskId, key, attempt.Stopping);
            outcome.NotReused = found is null ? "the coordinator did not answer in time" : found.Difference;
            foreach (var result in found?.Results ?? [])
                if (await TakeAsync(attempt, result, outcome)) return true;
        }
        catch (FetchException e)
        {
            // The same will fail the attempt when it is fetched; if it does not, the result is not known to be reusable.
            outcome.NotReused = e.Message;
        }

        if (outcome.NotReused is { } why) Phase(attempt, $"not reused: {why}");
        return false;
    }

    /// <summary>The data is fetched: if it is still what the key was made from, the key is kept beside the run, which may outlive this process.</summary>
    public async Task ConfirmKeyAsync(Attempt attempt, Outcome outcome)
    {
        if (outcome.CacheKey is not { } key) return;
        try
        {
            if ((await reuser.KeyAsync(attempt.Spec, attempt.Stopping)).Text != key.Text) return;
            var record = new CacheRecord { Key = key.Text, Parts = key.Parts, NotReused = outcome.NotReused };
            await File.WriteAllBytesAsync(KeyFile(attempt), JsonSerializer.SerializeToUtf8Bytes(record, ScitqJson.Bus), attempt.Stopping);
        }
        catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException)
        {
            // Then this result is not offered to others.
            outcome.NotReused ??= e.Message;
        }
    }

    /// <summary>What the attempt's end tells of reuse; null when its task wants none.</summary>
    public static CacheRecord? RecordOf(Attempt attempt, Outcome outcome)
    {
        if (!attempt.Spec.UseCache) return null;
        if (outcome is { CachedFrom: { } number, CacheKey: { } taken }) return new CacheRecord { Key = taken.Text, Parts = taken.Parts, From = number };
        try
        {
            RegularFile.Check(KeyFile(attempt));
            return JsonSerializer.Deserialize<CacheRecord>(File.ReadAllBytes(KeyFile(attempt)), ScitqJson.Bus);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // It was never confirmed, or was torn by a crash: the result is not offered to others.
            return new CacheRecord { NotReused = outcome.NotReused };
        }
    }

    private static string KeyFile(Attempt attempt) => Path.Combine(attempt.Directory.Control, "cache-key");

    private void Phase(Attempt attempt, string text) => reporter.Phase(attempt.Key, text);

    private async Task<bool> TakeAsync(Attempt attempt, ReusableResult result, Outcome outcome)
    {
        Phase(attempt, $"taking the outputs of task {result.Number}");
        try
        {
            outcome.BytesOut = await leases.WhileValidAsync(attempt.Key, ct => reuser.TakeAsync(result, attempt.Spec.Output, ct), attempt.Stopping);
        }
        catch (FetchException e)
        {
            outcome.NotReused = $"the outputs of task {result.Number} can't be taken: {e.Message}";
            return false;
        }

        if (attempt.Spec.Output is not null) outcome.Outputs = result.Files;
        outcome.CachedFrom = result.Number;
        outcome.NotReused = null;
        outcome.Exit = new RunExit(0);
        outcome.Say($"not run: task {result.Number} did the same before, and its outputs were taken");
        directories.Create(attempt.Directory);
        AttemptStreams.Tell(attempt, $"not run: task {result.Number} did the same before, and its outputs were taken (--use-cache)");
        await streams.CollectAsync(attempt, outcome);
        return true;
    }
}
