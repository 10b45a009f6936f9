using System.Globalization;
using System.Security.Cryptography;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// The checksum of a file that comes from its start: the MD5 of the whole or, as S3 tags what was uploaded in parts, that of the parts' MD5s.
/// </summary>
internal sealed class Digest(long? partSize) : IDisposable
{
#pragma warning disable CA5351 // MD5 is what stores and archives publish; it guards against accidents here, not against attackers.
    private readonly IncrementalHash _bytes = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private readonly IncrementalHash _sums = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
    private long _inPart;
    private int _parts;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (partSize is { } size && _inPart + bytes.Length >= size)
        {
            var rest = (int)(size - _inPart);
            _bytes.AppendData(bytes[..rest]);
            bytes = bytes[rest..];
            EndPart();
        }

        _bytes.AppendData(bytes);
        _inPart += bytes.Length;
    }

    /// <summary>A block that is a part, or what was missing of one.</summary>
    public void Append(Block block)
    {
        if (_inPart > 0) Append(block.Bytes.Span);
        else AppendPart(block.Md5);
    }

    public void Reset()
    {
        _bytes.GetHashAndReset();
        _sums.GetHashAndReset();
        (_inPart, _parts) = (0, 0);
    }

    /// <summary>Lower-case hexadecimal; of parts with their number behind a hyphen.</summary>
    public string End()
    {
        if (partSize is null) return Convert.ToHexStringLower(_bytes.GetHashAndReset());
        if (_inPart > 0) EndPart();
        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(_sums.GetHashAndReset())}-{_parts}");
    }

    public void Dispose()
    {
        _bytes.Dispose();
        _sums.Dispose();
    }

    private void EndPart()
    {
        AppendPart(_bytes.GetHashAndReset());
        _inPart = 0;
    }

    private void AppendPart(ReadOnlySpan<byte> md5)
    {
        _sums.AppendData(md5);
        _parts++;
    }
}
