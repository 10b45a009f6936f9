using System.Buffers;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// The large buffers of parts. The shared pool keeps some for every thread that ever returned one, which for buffers of megabytes is more than
/// is ever in use; this one keeps what was in use at the same time.
/// </summary>
internal static class Buffers
{
    private const int Largest = 1 << 30;
    private const int MostOfASize = 128;

    public static ArrayPool<byte> Large { get; } = ArrayPool<byte>.Create(Largest, MostOfASize);
}
