using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Files of a destination that are where folders belong, and the other way round: only where names are paths can they be in the way of each other.
/// </summary>
internal sealed class Obstacles
{
    private readonly HashSet<string> _files = new(StringComparer.Ordinal), _folders = new(StringComparer.Ordinal);
    private readonly DataUri _destination;

    public Obstacles(IEnumerable<string> names, ITransport transport, DataUri destination)
    {
        _destination = destination;
        if (transport is not (FileTransport or FtpTransport)) return;
        foreach (var name in names)
        {
            _files.Add(name);
            foreach (var folder in Above(name)) _folders.Add(folder);
        }
    }

    /// <summary>Whether a file of this name could not be written as things are.</summary>
    public bool Hinder(string name) => _folders.Contains(name) || Above(name).Any(_files.Contains)
        || (_destination.Scheme == "file" && FileKinds.Of(_destination.Path + name) == FileKind.Directory);

    private static IEnumerable<string> Above(string name)
    {
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1)) yield return name[..slash];
    }
}
