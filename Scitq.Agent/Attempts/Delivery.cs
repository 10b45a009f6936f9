using Scitq.Agent.Files;
using Scitq.Agent.Reports;
using Scitq.Agent.Slots;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Attempts;

/// <summary>
/// Brings what a command has left to where its task wants it, only while the lease is valid. An attempt that delivers makes
/// room for the next one, as far as there are places for that: delivering takes a network, not a processor.
/// </summary>
internal sealed class Delivery(Stager stager, Leases leases, Capacity capacity, Reporter reporter, AgentOptions options)
{
    /// <summary>Delivers the attempt's output directory; what keeps it from being delivered is the outcome's failure or warning.</summary>
    public async Task DeliverAsync(Attempt attempt, DataUri output, Outcome outcome)
    {
        outcome.Stage = attempt.Stage = AttemptStage.Uploading;
        Phase(null);
        try
        {
            if (!Directory.EnumerateFileSystemEntries(attempt.Directory.Output).Any()) return;
            if (await Task.Run(() => LeftBehind.Disarm(attempt.Directory.Output)) is { } disarmed) outcome.Warnings.Add(disarmed);
            var delivered = await WithoutPlaceAsync(attempt, () =>
                leases.WhileValidAsync(attempt.Key, ct => stager.DeliverAsync(output, attempt.Directory, Phase, ct), attempt.Stopping));
            outcome.Outputs = Stager.Manifest(delivered);
            outcome.BytesOut = delivered.Bytes;
            outcome.Warnings.AddRange(delivered.Warnings);
            if (attempt.Key.Attempt > 1 && await stager.OthersAsync(output, delivered, attempt.Key.TaskId, attempt.Stopping) is { } others)
                outcome.Warnings.Add(others);
        }
        catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException)
        {
            var failure = Failures.IsFull(e) ? FailureClass.Disk : FailureClass.Upload;
            if (outcome.Failure is null) outcome.Fail(failure, $"{e.Message} The output is kept on worker {options.Name}.");
            else outcome.Warnings.Add($"the output could not be delivered: {e.Message}");
            // Of a redelivery no output is collected: the streams are those of the run.
            if (attempt.Redelivers is null) AttemptStreams.Tell(attempt, $"the output could not be delivered: {e.Message}");
        }

        void Phase(string? text) =>
            reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Uploading, Phase = text, Started = outcome.Started });
    }

    private async Task<T> WithoutPlaceAsync<T>(Attempt attempt, Func<Task<T>> work)
    {
        using var over = new CancellationTokenSource();
        var given = GivePlaceAsync(attempt, over.Token);
        try
        {
            return await work();
        }
        finally
        {
            await over.CancelAsync();
            if (await given) capacity.Uploads.Release();
        }
    }

    private async Task<bool> GivePlaceAsync(Attempt attempt, CancellationToken over)
    {
        try
        {
            await capacity.Uploads.TakeAsync(attempt.Turn, Timeout.InfiniteTimeSpan, over);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        attempt.GivePlace(capacity.Places);
        return true;
    }
}
