using System.Security.Cryptography;
using System.Text;
using Scitq.Contracts;

namespace Scitq.Fetch.Transfers;

/// <summary>Remembers, one small file each, which uploads to a store are open, so that the next process continues them. Holds no secrets.</summary>
internal sealed class OpenUploads(FetchOptions options)
{
    /// <summary>The upload that is open to this place, and whether it is of the same source content.</summary>
    public (string Upload, bool Same)? Find(DataUri uri, string? identity = null)
    {
        try
        {
            return File.ReadAllLines(PathOf(uri)) is [var upload, var mark] ? (upload, identity is not null && mark == Mark(identity)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // None is remembered; the upload starts anew.
            return null;
        }
    }

    public bool Remembers(DataUri uri, string upload) => Find(uri)?.Upload == upload;

    public void Remember(DataUri uri, string upload, string identity)
    {
        try
        {
            Directory.CreateDirectory(options.StateDirectory);
            var (path, temporary) = (PathOf(uri), $"{PathOf(uri)}.{Guid.NewGuid():N}");
            File.WriteAllLines(temporary, [upload, Mark(identity)]);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            options.Notice?.Invoke($"{Redacted.Of(uri)}: if the upload is interrupted, it cannot be continued ({e.Message}).");
        }
    }

    public void Forget(DataUri uri)
    {
        try
        {
            File.Delete(PathOf(uri));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Found again, it is asked for at the store, which no longer knows it.
        }
    }

    private string PathOf(DataUri uri) =>
        Path.Combine(options.StateDirectory,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{options.S3.Endpoint} {uri.Scheme}://{uri.Path}")).AsSpan(0, 16)));

    private static string Mark(string identity) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
}
