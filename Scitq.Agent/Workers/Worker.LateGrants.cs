using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Claims;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <content>Attempts that were granted after this agent had given up waiting: coordinator, broker or database were away.</content>
internal sealed partial class Worker
{
    /// <summary>The coordinator repeats this until a heartbeat names them.</summary>
    private void Granted(IReadOnlyList<ClaimAnswer> grants)
    {
        if (grants.Count > 0) _ = Task.Run(() => _claims.ToldAsync(grants));
    }

    private void BeginLate(ClaimOutcome outcome)
    {
        var attempt = new Attempt(outcome.Granted!, _directories.For(outcome.Granted!));
        _leases.Add(attempt.Key, outcome.Sent);
        if (!_attempts.TryAdd(attempt)) return;
        // Its place was given back, and may be another's by now. A worker that did not hear for long may have been granted far too many.
        _places.Seize();
        var tooMany = _places.Taken > 2 * _places.Limit;
        if (_draining || tooMany) attempt.Stop(StopCause.Released);
        TakenLate(_logger, attempt.Number, _draining || tooMany ? "gives it back" : "takes it");
        _ = Task.Run(() => BeginAsync(attempt));
    }

    /// <summary>A grant older than its lease may be another's by now: it begins once a heartbeat that names it is answered.</summary>
    private async Task BeginAsync(Attempt attempt)
    {
        if (_leases.Left(attempt.Key) <= TimeSpan.Zero)
        {
            _link.Beat();
            try
            {
                await _leases.WaitAsync(attempt.Key, attempt.Stopping);
            }
            catch (OperationCanceledException) when (attempt.Stopping.IsCancellationRequested)
            {
                // It was not to be.
            }
        }

        await RunAsync(attempt, adopted: null);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} was granted late; this agent {What}.")]
    private static partial void TakenLate(ILogger logger, long number, string what);
}
