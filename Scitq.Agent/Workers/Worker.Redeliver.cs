using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Journal;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <content>Attempts that only deliver what an earlier one has left.</content>
internal sealed partial class Worker
{
    private void Redeliver(Redelivery order)
    {
        if (_draining) return;
        var journalled = new JournalledAttempt(order.Key, order.Number, order.Spec, Redelivers: new KeptOutput(order.Kept, order.ExitCode));
        var attempt = new Attempt(journalled, _directories.For(journalled));
        // The lease is valid once a heartbeat that names it is answered: this order may be an old one.
        if (!_attempts.TryAdd(attempt)) return;
        _leases.Add(attempt.Key, 0);
        _places.Seize();
        _ = Task.Run(() => RedeliverAsync(attempt, journalled));
    }

    private async Task RedeliverAsync(Attempt attempt, JournalledAttempt journalled)
    {
        try
        {
            await _journal.GrantedAsync([journalled]);
        }
        catch (IOException e)
        {
            // Forgotten, it is told again with the answer to the next heartbeat.
            NotJournalled(_logger, attempt.Number, e.Message);
            Forget(attempt);
            _places.Release();
            return;
        }

        Redelivering(_logger, attempt.Number);
        _link.Beat();
        await RunAsync(attempt, adopted: null);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Delivering the output of task {Number} once more.")]
    private static partial void Redelivering(ILogger logger, long number);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal can't be written, so the output of task {Number} waits: {Problem} Free space where --work-dir is.")]
    private static partial void NotJournalled(ILogger logger, long number, string problem);
}
