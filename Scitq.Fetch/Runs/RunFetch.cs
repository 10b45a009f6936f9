using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>
/// Keeps what has become of the runs of one URI, over all rounds: a run that is there is not fetched again, and a method that can never bring a run is not
/// asked again. A run is brought together in a hidden folder, one for each method, by one process at a time, and moved out of it when all its files
/// are whole.
/// </summary>
internal sealed class RunFetch(DataUri uri, string accession, string directory, IReadOnlyList<IRunMethod> methods, Meter meter)
{
    private readonly List<TransferredFile> _files = [];
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Run, IRunMethod Method), FetchException> _over = [];
    private readonly List<string> _passing = [], _warnings = [];
    private string? _unasked;

    public DataUri Uri => uri;

    public string Accession => accession;

    public IReadOnlyList<IRunMethod> Methods => methods;

    public IReadOnlyList<SequenceRun>? Runs { get; private set; }

    public bool IsFound { get; private set; }

    public int Done => _done.Count;

    /// <summary>These are the runs; the methods named need not be tried, for the reason given.</summary>
    public void Found(IReadOnlyList<SequenceRun> runs, IEnumerable<IRunMethod>? without = null, FetchException? why = null)
    {
        (Runs, IsFound) = (runs, true);
        foreach (var method in without ?? [])
            foreach (var run in runs)
                if (methods.Contains(method)) _over[(run.Accession, method)] = why!;
    }

    /// <summary>These may be the runs; ENA could not tell.</summary>
    public void Guess(IReadOnlyList<SequenceRun> runs, FetchException why)
    {
        Runs = runs;
        _unasked = $"ENA: {Reason(why, uri)}";
        _passing.Add(_unasked);
    }

    /// <summary>Fetches one run by the first method that can.</summary>
    public async Task TryAsync(WantedRun wanted, Action<string>? notice, CancellationToken ct)
    {
        var accession = wanted.Run.Accession;
        if (_done.Contains(accession)) return;
        var home = Path.Combine(directory, $".{accession}.part");
        using var held = PartLock.TryTake(home);
        if (held is null)
        {
            _passing.Add($"another process is fetching run {accession} to the same place ('{home}').");
            return;
        }

        var failed = methods.Where(m => _over.ContainsKey((accession, m))).Select(m => (Method: m, Fault: _over[(accession, m)])).ToList();
        foreach (var method in methods.Where(m => !_over.ContainsKey((accession, m)) && (IsFound || m is SraCloud or SraPrefetch)))
        {
            try
            {
                var folder = Directory.CreateDirectory(Path.Combine(home, method.Name)).FullName;
                var fetched = await method.FetchAsync(wanted, folder, meter, ct);
                foreach (var file in fetched) Publish(folder, file.Name);
                _files.AddRange(fetched);
                _done.Add(accession);
                Directory.Delete(home, recursive: true);
                Warn(wanted, method, failed);
                return;
            }
            catch (TransferExhaustedException e)
            {
                _passing.Add($"{method.Name}: {Reason(e, uri)}");
                failed.Add((method, e));
                notice?.Invoke($"{wanted.Shown}: by {method.Name}: {Reason(e, uri)}");
            }
            catch (FetchException e) when (e is not DiskFullException)
            {
                failed.Add((method, e));
                _over[(accession, method)] = e;
                notice?.Invoke($"{wanted.Shown}: by {method.Name}: {Reason(e, uri)}");
            }
        }

        // Nothing there can be continued any more.
        if (methods.All(m => _over.ContainsKey((accession, m))) && Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    /// <summary>The files, if all runs are there.</summary>
    /// <exception cref="TransientException">Something may go better in another round.</exception>
    /// <exception cref="FetchException">Nothing will.</exception>
    public TransferResult Result()
    {
        var missing = Runs!.Where(r => !_done.Contains(r.Accession)).ToArray();
        var result = new TransferResult { Files = [.. _files.OrderBy(f => f.Name, StringComparer.Ordinal)], Warnings = _warnings };
        if (missing.Length == 0) return result;
        var passing = string.Join(" ", _passing.Distinct());
        _passing.Clear();
        if (passing.Length > 0) throw new TransientException(passing);
        var failures = new Failures();
        foreach (var run in missing) failures.Add(Failure(new WantedRun(uri, run, false)));
        failures.ThrowIfAny(_files.Count == 0 ? null : result);
        return result;
    }

    /// <summary>A fault's message without the URI before it, nor how often was tried.</summary>
    public static string Reason(FetchException fault, DataUri uri)
    {
        var message = fault is TransferExhaustedException exhausted ? exhausted.Reason : fault.Message;
        return message.StartsWith(Redacted.Of(uri), StringComparison.Ordinal) && message.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon
            ? message[(colon + 2)..]
            : message;
    }

    /// <summary>That an archive has other bytes than it says, or none to compare with, is worth knowing; that it has none of a run is nothing new.</summary>
    private void Warn(WantedRun wanted, IRunMethod method, IEnumerable<(IRunMethod Method, FetchException Fault)> failed)
    {
        List<string> others = [.. failed.Where(f => f.Fault is not (DataNotFoundException or UnsupportedTransferException))
            .Select(f => $"{f.Method.Name}: {Reason(f.Fault, uri)}")];
        if (!IsFound && _unasked is not null) others.Insert(0, _unasked);
        if (others.Count > 0) _warnings.Add($"{wanted.Shown} was fetched by {method.Name}, for other ways failed: {string.Join(" ", others)}");
        if (method is EnaFiles or EnaAspera && wanted.Files.Where(f => f.Md5 is null).Select(f => f.Name).ToArray() is { Length: > 0 } unknown)
            _warnings.Add($"{wanted.Shown}: ENA tells no MD5 of {string.Join(", ", unknown.Select(Redacted.Of))}, so what arrived could not be compared.");
    }

    private FetchException Failure(WantedRun wanted)
    {
        var faults = methods.Select(m => (Method: m, Fault: _over[(wanted.Run.Accession, m)])).ToArray();
        var message = $"{wanted.Shown}: {string.Join(" ", faults.Select(f => $"{f.Method.Name}: {Reason(f.Fault, uri)}"))}";
        var worst = faults.Select(f => f.Fault).FirstOrDefault(f => f is not (DataNotFoundException or UnsupportedTransferException))
            ?? faults.Select(f => f.Fault).FirstOrDefault(f => f is UnsupportedTransferException && wanted.Run.Files.Count + (wanted.Run.SraSize ?? 0) > 0)
            ?? faults[0].Fault;
        return worst switch
        {
            IntegrityException => new IntegrityException(message, worst),
            AccessDeniedException => new AccessDeniedException(message, worst),
            BadUriException => new BadUriException(message, worst),
            UnsupportedTransferException => new UnsupportedTransferException(message, worst),
            _ => new DataNotFoundException(message, worst),
        };
    }

    private void Publish(string folder, string name)
    {
        var target = LocalName.Resolve(directory, name, uri.Text);
        LocalName.MakeParents(directory, target);
        PartFile.Publish(Path.Combine(folder, name), target, uri);
    }
}
