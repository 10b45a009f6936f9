using System.Net.Sockets;
using Polly;
using Polly.Retry;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Transfers;

/// <summary>Repeats what may pass, with jittered back-off, and turns every other fault into the right <see cref="FetchException"/>.</summary>
internal sealed class Retrier
{
    private readonly FetchOptions _options;
    private readonly ResiliencePipeline _pipeline;
    private static readonly ResiliencePropertyKey<string> Shown = new("uri");

    public Retrier(FetchOptions options, TimeProvider time)
    {
        _options = options;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Attempts > 1) builder.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(e => AsTransient(e) is not null),
            MaxRetryAttempts = options.Attempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.BackOff,
            MaxDelay = options.BackOffLimit,
            DelayGenerator = retry => ValueTask.FromResult(AsTransient(retry.Outcome.Exception!)?.RetryAfter is { } asked
                ? (TimeSpan?)(asked < options.BackOffLimit ? asked : options.BackOffLimit)
                : null),
            OnRetry = retry =>
            {
                retry.Context.Properties.TryGetValue(Shown, out var uri);
                options.Notice?.Invoke($"{uri}: try {retry.AttemptNumber + 1} of {options.Attempts}: {AsTransient(retry.Outcome.Exception!)!.Message} Again "
                    + $"in {retry.RetryDelay.TotalSeconds:0.#} s.");
                return default;
            },
        });
        _pipeline = builder.Build();
    }

    /// <summary>Runs an operation until it succeeds, fails for good, or has failed <see cref="FetchOptions.Attempts"/> times.</summary>
    /// <param name="uri">Named in messages.</param>
    /// <param name="operation">The operation. It is called again after a fault, so it must know how far it has come.</param>
    /// <param name="progress">Grows with every byte that need not be moved again: then the attempts are counted anew.</param>
    /// <param name="ct">Stops it at once.</param>
    public async Task<T> RunAsync<T>(DataUri uri, Func<CancellationToken, Task<T>> operation, CancellationToken ct, Func<long>? progress = null)
    {
        var shown = Redacted.Of(uri);
        while (true)
        {
            var before = progress?.Invoke();
            var context = ResilienceContextPool.Shared.Get(ct);
            context.Properties.Set(Shown, shown);
            try
            {
                return await _pipeline.ExecuteAsync(async (c, run) => await run(c.CancellationToken), context, operation);
            }
            catch (Exception e) when (e is not FetchException && !ct.IsCancellationRequested && AsTransient(e) is not null && progress?.Invoke() > before)
            {
                // It failed as often as it may, but it moves.
            }
            catch (Exception e) when (e is not (FetchException or SourceChangedException) && !ct.IsCancellationRequested)
            {
                throw AsTransient(e) is { } transient
                    ? new TransferExhaustedException(
                        $"{shown}: {transient.Message} Given up after {(_options.Attempts == 1 ? "1 attempt" : $"{_options.Attempts} attempts")}.", e)
                            { Reason = $"{shown}: {transient.Message}" }
                    : LocalErrors.Classify(e, uri.Text)
                        ?? (e is IOException or NotSupportedException ? new TransferExhaustedException($"{shown}: {e.Message}", e) : e);
            }
            finally
            {
                ResilienceContextPool.Shared.Return(context);
            }
        }
    }

    public Task RunAsync(DataUri uri, Func<CancellationToken, Task> operation, CancellationToken ct) =>
        RunAsync(uri, async c =>
        {
            await operation(c);
            return true;
        }, ct);

    /// <summary>The fault as one that may pass; null when it is none.</summary>
    private static TransientException? AsTransient(Exception fault) => fault switch
    {
        TransientException transient => transient,
        HttpIOException or SocketException => new TransientException($"the connection broke ({fault.Message}).", fault),
        IOException { InnerException: SocketException or HttpIOException or IOException { InnerException: SocketException } } =>
            new TransientException($"the connection broke ({fault.Message}).", fault),
        // A packed body that is cut off or damaged.
        InvalidDataException => new TransientException($"what arrived is damaged ({fault.Message}).", fault),
        _ => null,
    };
}
