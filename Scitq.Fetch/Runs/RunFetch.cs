using System.Text.RegularExpressions;
using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>
/// What has become of the runs of one URI, over all rounds: a run that is there is not fetched again, and a method that can never bring a run is not asked again.
/// A run is brought together in a hidden folder, one for each method, by one process at a time, and moved out of it when all its files are whole.
/// </summary>
internal sealed partial class RunFetch(DataUri uri, string accession, string directory, IReadOnlyList<IRunMethod> methods, Meter meter)
{
    private readonly List<TransferredFile> _files = [];
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Run, IRunMethod Method), FetchException> _over = [];
    private readonly List<string> _passing = [];
    private readonly Dictionary<string, List<string>> _faults = [];
    private readonly List<string> _warnings = [];

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
        _passing.Add($"ENA: {Reason(why, uri)}");
    }

    /// <summary>Fetches one run by the first method that can.</summary>
    public async Task TryAsync(RunOrder order, Action<string>? notice, CancellationToken ct)
    {
        var accession = order.Run.Accession;
        if (_done.Contains(accession)) return;
        var home = Path.Combine(directory, $".{accession}.part");
        using var held = PartLock.TryTake(home);
        if (held is null)
        {
            _passing.Add($"another process is fetching run {accession} to the same place ('{home}').");
            return;
        }

        foreach (var method in methods.Where(m => !_over.ContainsKey((accession, m)) && (IsFound || m is SraCloud or SraPrefetch)))
        {
            try
            {
                var folder = Directory.CreateDirectory(Path.Combine(home, method.Name)).FullName;
                var fetched = await method.FetchAsync(order, folder, meter, ct);
                foreach (var file in fetched) Publish(folder, file.Name);
                _files.AddRange(fetched);
                _done.Add(accession);
                if (_faults.Remove(accession, out var faults))
                    _warnings.Add($"{order.Shown}: taken by {method.Name}, for {string.Join(" ", faults.Distinct())}");
                Directory.Delete(home, recursive: true);
                return;
            }
            catch (TransferExhaustedException e)
            {
                _passing.Add($"{method.Name}: {Reason(e, uri)}");
                Remember(accession, method, e);
                notice?.Invoke($"{order.Shown}: by {method.Name}: {Reason(e, uri)}");
            }
            catch (FetchException e) when (e is not DiskFullException)
            {
                _over[(accession, method)] = e;
                Remember(accession, method, e);
                notice?.Invoke($"{order.Shown}: by {method.Name}: {Reason(e, uri)}");
            }
        }

        // Nothing there can be continued any more.
        if (methods.All(m => _over.ContainsKey((accession, m))) && Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    /// <summary>Worth telling even if another method brings the run: not that an archive does not have it, nor that a program is not there.</summary>
    private void Remember(string run, IRunMethod method, FetchException fault)
    {
        if (fault is DataNotFoundException or UnsupportedTransferException) return;
        if (!_faults.TryGetValue(run, out var faults)) _faults[run] = faults = [];
        faults.Add($"{method.Name}: {Reason(fault, uri)}");
    }

    /// <summary>The files, if all runs are there.</summary>
    /// <exception cref="TransientException">Something may go better in another round.</exception>
    /// <exception cref="FetchException">Nothing will.</exception>
    public TransferResult Result()
    {
        var missing = Runs!.Where(r => !_done.Contains(r.Accession)).ToArray();
        if (missing.Length == 0) return new TransferResult { Files = _files, Warnings = _warnings };
        var passing = string.Join(" ", _passing.Distinct());
        _passing.Clear();
        if (passing.Length > 0) throw new TransientException(passing);
        var failures = new Failures();
        foreach (var run in missing) failures.Add(Failure(new RunOrder(uri, run, false)));
        failures.ThrowIfAny();
        throw new InvalidOperationException($"{uri}: neither there nor failed.");
    }

    /// <summary>A fault's message without the URI before it, nor how often that was tried: there is one more who tries again, and says so.</summary>
    public static string Reason(FetchException fault, DataUri uri) => GivenUp().Replace(Unnamed(fault, uri), "");

    [GeneratedRegex(" Given up after [0-9]+ attempts?\\.$")]
    private static partial Regex GivenUp();

    private static string Unnamed(FetchException fault, DataUri uri) =>
        fault.Message.StartsWith(Redacted.Of(uri), StringComparison.Ordinal) && fault.Message.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? fault.Message[(colon + 2)..] : fault.Message;

    private FetchException Failure(RunOrder order)
    {
        var faults = methods.Select(m => (Method: m, Fault: _over[(order.Run.Accession, m)])).ToArray();
        var message = $"{order.Shown}: {string.Join(" ", faults.Select(f => $"{f.Method.Name}: {Reason(f.Fault, uri)}"))}";
        var worst = faults.Select(f => f.Fault).FirstOrDefault(f => f is not (DataNotFoundException or UnsupportedTransferException))
            ?? faults.Select(f => f.Fault).FirstOrDefault(f => f is UnsupportedTransferException && order.Run.Files.Count + (order.Run.SraSize ?? 0) > 0)
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
