using System.Collections.Concurrent;
using Scitq.Agent.Files;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>Reads files of this machine with the rights of the account that a task runs as, while the agent has root's.</summary>
internal sealed class AccountFetchers(FetchOptions options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<RunAs, Lazy<Fetcher>> _fetchers = new();

    /// <summary>What fetches the input for the account.</summary>
    public Fetcher For(RunAs account) =>
        _fetchers.GetOrAdd(account, a => new Lazy<Fetcher>(() => new Fetcher(options with { OpenFile = open => SeenBy.Run(a, open) }, time))).Value;

    /// <summary>Looks whether the account may read what a task wants of this machine.</summary>
    /// <exception cref="AccessDeniedException">It may not.</exception>
    public static void Check(RunAs account, TaskSpec spec, CancellationToken ct)
    {
        foreach (var uri in spec.Inputs.Concat(spec.Resources).Where(IsFile))
        {
            if (SeenBy.Unreadable(account, uri.Path, ct) is not { } file) continue;
            throw new AccessDeniedException($"{Redacted.Of(uri)}: uid {account.Uid}, as whom the task runs, may not read {Redacted.Of(file)}.");
        }
    }

    public static bool IsFile(DataUri uri) => uri.Scheme == "file";

    public void Dispose()
    {
        foreach (var fetcher in _fetchers.Values) fetcher.Value.Dispose();
    }
}
