import { ChangedPictures } from './ChangedPictures.tsx';
import { PerClass } from './PerClass.tsx';

/** What has become of the test pictures, by class and one by one. */
export function PicturesAfter() {
  return (
    <>
      <PerClass />
      <ChangedPictures />
    </>
  );
}
