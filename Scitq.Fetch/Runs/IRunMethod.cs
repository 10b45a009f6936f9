using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>One way to get the files of a run.</summary>
internal interface IRunMethod
{
    /// <summary>How it is called in messages; also the name of its folder.</summary>
    string Name { get; }

    /// <summary>
    /// Brings all files of a run into a folder that is its own and may hold what an earlier try has left: it is taken up where that can be told to be
    /// right.
    /// </summary>
    /// <exception cref="FetchException">This method cannot do it, now (<see cref="TransferExhaustedException"/>) or ever.</exception>
    Task<IReadOnlyList<TransferredFile>> FetchAsync(WantedRun wanted, string folder, Meter meter, CancellationToken ct);
}

/// <summary>One run that is to be fetched.</summary>
/// <param name="Uri">To name in messages.</param>
/// <param name="Run">The run.</param>
/// <param name="FirstReads">Whether second reads are left out.</param>
internal sealed record WantedRun(DataUri Uri, SequenceRun Run, bool FirstReads)
{
    /// <summary>The files at ENA that are wanted.</summary>
    public IReadOnlyList<RunFile> Files => FirstReads ? ReadFilter.Keep(Run.Files, f => f.Name) : Run.Files;

    /// <summary>How the run is called in messages.</summary>
    public string Shown => Uri.Path.TrimEnd('/') == Run.Accession ? Redacted.Of(Uri) : $"{Redacted.Of(Uri)} (run {Run.Accession})";
}
